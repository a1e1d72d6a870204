"""TensorFlow Playground addresses: what each key means, and the way back."""

import zlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.layers
import server.training  # noqa: F401 - fills the registries
from server.api.tf_playground import number, to_tf, translate
from server.experiment.spec import Experiment


def experiment(query=""):
    return translate(query)[0]


def notes(query):
    return translate(query)[1]["notes"]


def units(query):
    return [layer["units"] for layer in experiment(query)["network"]["layers"]]


def test_the_empty_address_is_the_playgrounds_default():
    start = {"initializer": "uniform_half", "bias": 0.1}
    assert translate("") == (
        {
            "version": 1,
            "data": {
                "dataset": {"kind": "circle", "samples": 500, "noise": 0},
                "features": ["x", "y"],
                "split": {"train": 50, "validation": 0},
                "seed": 0,
            },
            "network": {
                "layers": [
                    {"kind": "dense", "units": 4, "activation": "tanh", **start},
                    {"kind": "dense", "units": 2, "activation": "tanh", **start},
                ],
                "output": {"activation": "tanh", **start},
            },
            "training": {
                "loss": {"kind": "squared_error", "half": True},
                "optimizer": {"kind": "sgd"},
                "learning_rate": 0.03,
                "batch_size": 10,
                "l1": 0.0,
                "l2": 0.0,
                "rules": "tf_playground",
            },
            "seed": 0,
        },
        {
            "problem": "classification",
            "discretize": False,
            "show_test_data": False,
            "hide_text": False,
            "hide": {},
            "tutorial": None,
            "seed": None,
            "notes": [],
        },
    )


FULL = (
    "activation=relu&regularization=L2&batchSize=27&dataset=spiral&regDataset=reg-gauss"
    "&learningRate=0.001&regularizationRate=0.003&noise=35&networkShape=8,7,1&seed=0.79424"
    "&showTestData=true&discretize=true&percTrainData=80&x=false&y=true&xTimesY=true"
    "&xSquared=true&ySquared=false&cosX=true&sinX=true&cosY=true&sinY=true&collectStats=true"
    "&tutorial=dp&problem=classification&initZero=false&hideText=true&playButton_hide=true"
    "&noise_hide=true&ySquared_hide=true&stepButton_hide=false"
)


def test_an_address_with_every_key():
    found, view = translate(FULL)
    assert found["data"] == {
        "dataset": {"kind": "spiral", "samples": 500, "noise": 35},
        "features": ["y", "x_squared", "xy", "sin_x", "sin_y"],
        "split": {"train": 80, "validation": 0},
        "seed": zlib.crc32(b"0.79424"),
    }
    assert [(x["units"], x["activation"]) for x in found["network"]["layers"]] == [
        (8, "relu"), (7, "relu"), (1, "relu"),
    ]  # fmt: skip
    training = found["training"]
    assert (training["learning_rate"], training["batch_size"]) == (0.001, 27)
    assert (training["l1"], training["l2"]) == (0, 0.003)
    assert found["seed"] == zlib.crc32(b"0.79424")
    assert view == {
        "problem": "classification",
        "discretize": True,
        "show_test_data": True,
        "hide_text": True,
        "hide": {"playButton": True, "noise": True, "ySquared": True},
        "tutorial": "dp",
        "seed": "0.79424",
        "notes": [],
    }


def test_regression():
    found, view = translate("problem=regression&dataset=xor&regDataset=reg-gauss")
    assert found["data"]["dataset"] == {"kind": "reg_gauss", "samples": 1200, "noise": 0}
    assert found["network"]["output"]["activation"] == "linear"
    assert view["problem"] == "regression"
    assert experiment("problem=regression")["data"]["dataset"]["kind"] == "reg_plane"


@pytest.mark.parametrize("name", ["circle", "xor", "gauss", "spiral"])
def test_every_dataset(name):
    assert experiment(f"dataset={name}")["data"]["dataset"]["kind"] == name


def test_zero_initialization_is_of_weights_and_biases():
    network = experiment("initZero=true")["network"]
    for layer in [*network["layers"], network["output"]]:
        assert (layer["initializer"], layer["bias"]) == ("zeros", 0)


@pytest.mark.parametrize(
    ("query", "l1", "l2"),
    [
        ("regularization=L1&regularizationRate=0.1", 0.1, 0),
        ("regularization=L2&regularizationRate=0.1", 0, 0.1),
        ("regularization=none&regularizationRate=0.1", 0, 0),
        ("regularizationRate=0.1", 0, 0),
        ("regularization=L1", 0, 0),
        ("regularization=l1&regularizationRate=0.1", 0, 0),
    ],
)
def test_regularization(query, l1, l2):
    training = experiment(query)["training"]
    assert (training["l1"], training["l2"]) == (l1, l2)


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("0", 0), ("12.5", 12.5), ("50", 50), ("51", 51), ("80", 80), ("80.5", 50), ("81", 50),
        ("1e9", 50), ("Infinity", 50), ("-1", 0), ("-Infinity", 0), ("", 0), ("0x1E", 30),
    ],
)  # fmt: skip
def test_noise(text, noise):
    assert experiment(f"noise={text}")["data"]["dataset"]["noise"] == noise
    assert notes(f"noise={text}") == []


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("", [4, 2]),
        ("networkShape=", []),
        ("networkShape=%20", []),
        ("networkShape=3", [3]),
        ("networkShape=8,8,8,8,8,8", [8] * 6),
        ("networkShape=1,1,1,1,1,1,1,12", [1] * 7 + [12]),
        ("networkShape=4%2C3", [4, 3]),
        ("networkShape= 4 , 3 ", [4, 3]),
        ("networkShape=2.2,3.0", [3, 3]),
        ("networkShape=1e1,0x3", [10, 3]),
    ],
)
def test_network_shape(query, shape):
    assert units(query) == shape
    assert notes(query) == []


@pytest.mark.parametrize(
    ("query", "shape", "note"),
    [
        ("networkShape", [4, 2], "has no value"),
        ("networkShape=4,,2", [4, 2], "''"),
        ("networkShape=4,x,-1,0,2", [4, 2], "'x'"),
        ("networkShape=300,2", [256, 2], "more than 256"),
        ("networkShape=" + "2," * 19 + "2", [2] * 16, "first 16 of 20"),
    ],
)
def test_a_shape_beyond_us_is_brought_within(query, shape, note):
    assert units(query) == shape
    assert note in notes(query)[0]


@pytest.mark.parametrize(
    ("query", "key", "value", "noted"),
    [
        ("learningRate=3", "learning_rate", 3, False),
        ("learningRate=0.00001", "learning_rate", 0.00001, False),
        ("learningRate=%20.5%20", "learning_rate", 0.5, False),
        ("learningRate=", "learning_rate", 0.03, False),
        ("learningRate=fast", "learning_rate", 0.03, True),
        ("learningRate=-1", "learning_rate", 0, True),
        ("learningRate=1e9", "learning_rate", 100, True),
        ("batchSize=1", "batch_size", 1, False),
        ("batchSize=200", "batch_size", 200, False),
        ("batchSize=0", "batch_size", 1, True),
        ("batchSize=2.4", "batch_size", 2, True),
        ("batchSize=300", "batch_size", 300, True),
        ("batchSize=300&percTrainData=90", "batch_size", 300, False),
        ("batchSize=10&batchSize=20", "batch_size", 20, False),
        ("BatchSize=20", "batch_size", 10, False),
    ],
)
def test_numbers_of_training(query, key, value, noted):
    assert experiment(query)["training"][key] == value
    assert bool(notes(query)) == noted


@pytest.mark.parametrize(("percent", "train"), [("10", 10), ("90", 90), ("0", 1), ("100", 99)])
def test_train_percentage(percent, train):
    assert experiment(f"percTrainData={percent}")["data"]["split"]["train"] == train


@pytest.mark.parametrize(
    ("query", "features"),
    [
        ("y=false", ["x"]),
        ("x=&y=", ["x", "y"]),
        ("sinX=0", ["x", "y", "sin_x"]),
        ("sinX=False", ["x", "y", "sin_x"]),
        ("sinX", ["x", "y"]),
        ("cosX=true&cosY=true", ["x", "y"]),
        ("sinY=true&xSquared=true", ["x", "y", "x_squared", "sin_y"]),
        ("x_hide=true", ["y"]),
        ("sinX=true&sinX_hide=true", ["x", "y"]),
        ("sinX=true&sinX_hide=1", ["x", "y", "sin_x"]),
    ],
)
def test_features(query, features):
    assert experiment(query)["data"]["features"] == features
    assert notes(query) == []


@pytest.mark.parametrize("query", ["x=false&y=false", "x_hide=true&y=false"])
def test_a_network_of_no_features_gets_the_default_ones(query):
    found, view = translate(query)
    assert found["data"]["features"] == ["x", "y"]
    assert view["hide"] == {}
    assert "No feature" in view["notes"][0]


def test_unknown_choices_and_keys_count_for_nothing():
    assert translate("activation=swish&dataset=moons&problem=ranking&foo=1&foo_hide=true") == (
        translate("")
    )
    assert translate("activation=toString&dataset=constructor") == translate("")


def test_a_tutorial_is_a_plain_name():
    _, view = translate("tutorial=../../secret")
    assert view["tutorial"] is None
    assert "tutorial" in view["notes"][0]


def test_seeds_are_hashed_as_text():
    seeds = [experiment(f"seed={s}")["seed"] for s in ("0.5", "0.50", "7", "abc")]
    assert seeds == [zlib.crc32(s.encode()) for s in ("0.5", "0.50", "7", "abc")]
    assert experiment("seed=7")["data"]["seed"] == seeds[2]


@pytest.mark.parametrize("before", ["#", "?", "", "https://playground.tensorflow.org/#"])
def test_what_stands_before_the_fragment_is_dropped(before):
    assert translate(before + FULL) == translate(FULL)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), (" 1.5 ", 1.5), ("-.5", -0.5), ("+3.", 3), ("1E2", 100), ("0xff", 255),
     ("0b11", 3), ("0o17", 15), ("", 0), ("Infinity", float("inf"))],
)  # fmt: skip
def test_numbers_are_read_as_javascript_reads_them(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["abc", "1px", "1,5", "--1", "inf", "nan", "1_000", "-0x1", "٣"])
def test_what_javascript_calls_no_number(text):
    assert number(text) != number(text)


# -- with all rooms: is it an experiment, and does it come back? ---------------------------

CHOICES = {
    "activation": ["relu", "tanh", "sigmoid", "linear", "elu"],
    "regularization": ["none", "L1", "L2", "L3"],
    "dataset": ["circle", "xor", "gauss", "spiral", "moons"],
    "regDataset": ["reg-plane", "reg-gauss"],
    "problem": ["classification", "regression"],
    "tutorial": ["dp", "a/b"],
    "seed": ["0.1", "0.79424", "7", "ä&="],
    "networkShape": ["", "4,2", "1", "8,8,8,8,8,8", "2.5,,300", "x"],
}
NUMBERS = ["batchSize", "learningRate", "regularizationRate", "noise", "percTrainData"]
FLAGS = [
    "showTestData", "discretize", "x", "y", "xTimesY", "xSquared", "ySquared", "cosX", "sinX",
    "cosY", "sinY", "collectStats", "initZero", "hideText",
]  # fmt: skip
HIDDEN = [f"{name}_hide" for name in ("playButton", "noise", "dataset", "x", "sinX", "nothing")]
numbers = st.one_of(
    st.sampled_from(["0", "0.03", "10", "30", "55", "95", "NaN", "-3", "1e-5"]),
    st.floats(-5, 200).map(str),
    st.integers(0, 6000).map(str),
)
pairs = st.one_of(
    *[st.tuples(st.just(name), st.sampled_from(values)) for name, values in CHOICES.items()],
    st.tuples(st.sampled_from(NUMBERS), numbers),
    st.tuples(st.sampled_from(FLAGS + HIDDEN), st.sampled_from(["true", "false", "", "1"])),
)
addresses = st.lists(pairs, max_size=25).map(
    lambda found: "&".join(f"{name}={quote(value, ',')}" for name, value in found)
)


@given(st.one_of(addresses, st.text()))
def test_every_address_is_an_experiment(query):
    Experiment.model_validate(experiment(query))


@given(addresses)
def test_there_and_back(query):
    found, view = translate(query)
    back = to_tf(Experiment.model_validate(found), view)
    assert back is not None
    again, view_again = translate(back)
    assert Experiment.model_validate(again) == Experiment.model_validate(found)
    assert view_again | {"notes": []} == view | {"notes": []}


def changed(query="", **patch):
    """The address's experiment with sections overlaid: data, network or training."""
    found = experiment(query)
    return Experiment.model_validate(
        found | {room: found[room] | fields for room, fields in patch.items()}
    )


@pytest.mark.parametrize(
    "patch",
    [
        {"training": {"rules": "standard"}},
        {"training": {"loss": "absolute_error"}},
        {"training": {"l1": 0.1, "l2": 0.1}},
        {"training": {"schedule": "cosine"}},
        {"training": {"early_stopping": {}}},
        {"data": {"dataset": "moons"}},
        {"data": {"dataset": {"kind": "circle", "samples": 400}}},
        {"data": {"dataset": {"kind": "circle", "noise": 90}}},
        {"data": {"features": ["y", "x"]}},
        {"data": {"features": ["x", "cos_x"]}},
        {"data": {"split": {"train": 50, "validation": 10}}},
        {"network": {"output": {"activation": "linear"}}},
        {"network": {"layers": [{"kind": "dense", "activation": "gelu"}]}},
        {"network": {"layers": [{"kind": "dense"}, {"kind": "dense", "activation": "relu"}]}},
        {"network": {"layers": [{"kind": "dense", "bias": 0.2}]}},
        {"network": {"layers": [{"kind": "dense", "dropout": 0.2}]}},
    ],
)
def test_what_the_playground_cannot_say_has_no_address(patch):
    assert to_tf(changed(), {}) is not None
    assert to_tf(changed(**patch), {}) is None


def test_an_output_left_to_the_loss_is_the_same_output():
    assert to_tf(changed(network={"output": {"activation": None}}), {}) == to_tf(changed(), {})


@pytest.mark.parametrize("room", ["training", "data"])
def test_a_seed_of_our_own_is_left_out(room):
    found = experiment("seed=0.5")
    (found if room == "training" else found["data"])["seed"] = 5
    address = to_tf(Experiment.model_validate(found), {"seed": "0.5"})
    assert address is not None
    assert "seed" not in address


def test_hidden_but_used_features_have_no_address():
    assert to_tf(changed(), {"hide": {"x": True}}) is None

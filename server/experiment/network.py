"""What learns: a stack of layers, and for adversarial training the generator beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from .registry import ACTIVATIONS, INITIALIZERS, LAYERS, OPTIMIZERS, Spec, setting

MAX_LAYERS = 16
MAX_UNITS = 256
MAX_LATENT = 128

Activation = Annotated[str, ACTIVATIONS]
Initializer = Annotated[str, INITIALIZERS]


class Output(Spec):
    """The last layer. Its width follows from the problem and the loss."""

    activation: Activation | None = setting(
        None, title="Output activation",
        help="Automatic (null) is the one that goes with the loss.",
    )  # fmt: skip
    initializer: Initializer = setting(
        "uniform_half", title="Initializer", help="How the weights begin."
    )
    bias: float = setting(
        0.1, title="Initial bias", ge=-10, le=10, help="Every bias begins at this value."
    )


class Network(Spec):
    """A stack of hidden layers and an output layer."""

    layers: tuple[Annotated[Any, LAYERS], ...] = setting(
        ({"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}),
        title="Hidden layers", max_length=MAX_LAYERS, validate_default=True,
        help="From the input side to the output side.",
    )  # fmt: skip
    output: Output = setting(Output(), title="Output layer", help="The last layer.")


class Generator(Spec):
    """A second network, which makes examples of noise; `network` learns to tell them from the
    real ones, and it to be taken for one of them (Goodfellow and others, 2014)."""

    latent: int = setting(
        2, title="Noise size", ge=1, le=MAX_LATENT, scale="log",
        choices=[1, 2, 4, 8, 16, 32, 64, 128],
        help="How many random numbers an example is made of.",
    )  # fmt: skip
    noise: Literal["normal", "uniform"] = setting(
        "normal", title="Noise", help="How these numbers are drawn.",
        options={
            "normal": ("Normal", "From the standard normal distribution."),
            "uniform": ("Uniform", "All from -1 to 1 alike."),
        },
    )  # fmt: skip
    layers: tuple[Annotated[Any, LAYERS], ...] = setting(
        ({"kind": "dense", "units": 16, "activation": "relu", "initializer": "he_uniform"},) * 2,
        title="Generator's hidden layers", max_length=MAX_LAYERS, validate_default=True,
        help="From the noise to the example.",
    )  # fmt: skip
    output: Output = setting(
        {"initializer": "glorot_uniform", "bias": 0}, title="Generator's output layer",
        validate_default=True,
        help="What makes the example: a point's two numbers, or the colours of every pixel.",
    )  # fmt: skip
    optimizer: Annotated[Any, OPTIMIZERS] = setting(
        {"kind": "adam", "beta_1": 0.5}, title="Generator's optimizer", validate_default=True,
        help="The rule that turns the generator's gradients into changes of its weights.",
    )  # fmt: skip
    learning_rate: float = setting(
        0.002, title="Generator's learning rate", ge=0, le=100, change="live", scale="log",
        choices=[0.00001, 0.0001, 0.0003, 0.001, 0.002, 0.003, 0.01, 0.03, 0.1],
        help="How large a step the generator takes; the discriminator has its own.",
        formula=r"w_G \leftarrow w_G - \eta_G\,\nabla_{w_G} L_G",
    )  # fmt: skip
    updates: int = setting(
        1, title="Generator's updates per step", ge=1, le=5, choices=[1, 2, 3, 5], change="keep",
        help="How often the generator learns in a step, after the discriminator.",
    )  # fmt: skip
    discriminator_updates: int = setting(
        1, title="Discriminator's updates per step", ge=1, le=10, choices=[1, 2, 3, 5, 10],
        change="keep",
        help="How often the discriminator learns in a step, each time from other examples.",
    )  # fmt: skip
    turn: Literal["both", "discriminator", "generator"] = setting(
        "both", title="Who learns", change="live",
        help="Let one of them stand still, to see what the other does.",
        options={
            "both": ("Both", "The discriminator, then the generator."),
            "discriminator": ("Discriminator", "The generator stays as it is."),
            "generator": ("Generator", "The discriminator stays as it is."),
        },
    )  # fmt: skip

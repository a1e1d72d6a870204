"""PyTorch: how each optimizer is written."""

from __future__ import annotations

from typing import Any

from .python_code import Rule


def _adam(name: str, o: Any, *more: str) -> Rule:
    betas = f"betas=({o.beta_1!r}, {o.beta_2!r})"
    return Rule(f"torch.optim.{name}", ["lr=LEARNING_RATE", betas, f"eps={o.epsilon!r}", *more])


def _native(name: str, **arguments: Any) -> Rule:
    given = [f"{key}={value!r}" for key, value in arguments.items()]
    return Rule(f"torch.optim.{name}", ["lr=LEARNING_RATE", *given])


_LION = '''
class Lion(torch.optim.Optimizer):
    """Every weight moves by the same amount, against the sign of a running mean (Chen, 2023)."""

    def __init__(self, params, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(params, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            beta_1, beta_2 = group["betas"]
            for p in group["params"]:
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                p -= group["lr"] * torch.sign(beta_1 * mean + (1 - beta_1) * p.grad)
                mean.lerp_(p.grad, 1 - beta_2)
'''

_LBFGS = '''
class LBFGS(torch.optim.Optimizer):
    """L-BFGS without a line search: a direction longer than `reach` is shortened to it.

    PyTorch's own has no such bound. Steps along which the loss does not curve upwards teach
    nothing, so that the direction always descends.
    """

    def __init__(self, params, lr: float, memory: int, reach: float) -> None:
        super().__init__(params, {"lr": lr})
        self.memory, self.reach = memory, reach
        self.past = []  # pairs of a step and the change of the gradient along it, oldest first
        self.before = None  # weights and gradient of the last step

    @torch.no_grad()
    def step(self) -> None:
        (group,) = self.param_groups
        w = torch.nn.utils.parameters_to_vector(group["params"])
        g = torch.cat([p.grad.flatten() for p in group["params"]])
        if self.before is None:
            direction = g * min(1.0, 1.0 / max(float(g.abs().sum()), 1e-30))
        else:
            self.remember(w - self.before[0], g - self.before[1])
            direction = self.precondition(g)
        self.before = w, g
        direction *= self.reach / max(float(direction.norm()), self.reach)
        moved = w - group["lr"] * direction
        torch.nn.utils.vector_to_parameters(moved, group["params"])

    def remember(self, step: Tensor, change: Tensor) -> None:
        if step @ change > 1e-10:
            self.past = [*self.past, (step, change)][-self.memory :]

    def precondition(self, g: Tensor) -> Tensor:
        """The inverse Hessian times the gradient, by the two-loop recursion."""
        shares = []
        for step, change in reversed(self.past):
            shares.append((step @ g) / (step @ change))
            g = g - shares[-1] * change
        if self.past:
            step, change = self.past[-1]
            g = g * (step @ change) / (change @ change)
        for step, change in self.past:
            g = g + step * (shares.pop() - (change @ g) / (step @ change))
        return g
'''

_PLAYGROUND = '''
class PlaygroundSGD(torch.optim.Optimizer):
    """TensorFlow Playground's rule: a weight that the penalty carries across zero stays there.

    Only matrices are penalised, biases are not.
    """

    def __init__(self, params, lr: float, l1: float, l2: float) -> None:
        super().__init__(params, {"lr": lr, "l1": l1, "l2": l2})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                before = p.clone()
                p -= group["lr"] * p.grad
                if p.ndim == 2:
                    penalty = group["l1"] * before.sign() + group["l2"] * before
                    self.penalise(p, group["lr"] * penalty)

    def penalise(self, p: Tensor, amount: Tensor) -> None:
        dead = self.state[p].setdefault("dead", torch.zeros_like(p, dtype=torch.bool))
        dead |= p * (p - amount) < 0
        p -= amount
        p[dead] = 0
'''


def playground(training: Any) -> Rule:
    penalties = [f"l1={training.l1!r}", f"l2={training.l2!r}"]
    return Rule("PlaygroundSGD", ["lr=LEARNING_RATE", *penalties], _PLAYGROUND)


OPTIMIZERS = {
    "sgd": lambda o: _native("SGD"),
    "momentum": lambda o: _native("SGD", momentum=o.momentum),
    # PyTorch wants a momentum for it; without one it is plain SGD
    "nesterov": lambda o: (
        _native("SGD", momentum=o.momentum, nesterov=True) if o.momentum else _native("SGD")
    ),
    "rmsprop": lambda o: _native("RMSprop", alpha=o.rho, eps=o.epsilon),
    "adagrad": lambda o: _native("Adagrad", eps=o.epsilon),
    "adadelta": lambda o: _native("Adadelta", rho=o.rho, eps=o.epsilon),
    "adam": lambda o: _adam("Adam", o),
    "adamw": lambda o: _adam("AdamW", o, f"weight_decay={o.weight_decay!r}"),
    "nadam": lambda o: _adam("NAdam", o, f"momentum_decay={o.momentum_decay!r}"),
    "lion": lambda o: Rule(
        "Lion", ["lr=LEARNING_RATE", f"betas=({o.beta_1!r}, {o.beta_2!r})"], _LION
    ),
    "lbfgs": lambda o: Rule(
        "LBFGS", ["lr=LEARNING_RATE", f"memory={o.memory}", f"reach={o.reach!r}"], _LBFGS
    ),
}

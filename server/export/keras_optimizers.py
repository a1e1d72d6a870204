"""Keras: how each optimizer is written. Keras's own where it moves the weights as ours does; else a
class that does."""

from __future__ import annotations

from typing import Any

from .python_code import Rule

_MOMENTUM = '''
class Momentum(keras.optimizers.Optimizer):
    """Momentum that takes the learning rate after summing up; Keras's own sums up steps.

    The two differ where a schedule moves the learning rate.
    """

    def __init__(self, learning_rate, momentum, nesterov=False, **settings):
        super().__init__(learning_rate, **settings)
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        velocity = self.momentum * self.velocities[i] + gradient
        self.assign(self.velocities[i], velocity)
        move = gradient + self.momentum * velocity if self.nesterov else velocity
        self.assign_sub(variable, learning_rate * move)
'''

_RMSPROP = '''
class RMSprop(keras.optimizers.Optimizer):
    """RMSprop with epsilon beside the root; Keras's own has it inside."""

    def __init__(self, learning_rate, rho, epsilon, **settings):
        super().__init__(learning_rate, **settings)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        super().build(variables)
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        square = self.rho * self.squares[i] + (1 - self.rho) * gradient**2
        self.assign(self.squares[i], square)
        move = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, learning_rate * move)
'''

_ADAGRAD = '''
class Adagrad(keras.optimizers.Optimizer):
    """Adagrad with epsilon beside the root; Keras's own has it inside."""

    def __init__(self, learning_rate, epsilon, **settings):
        super().__init__(learning_rate, **settings)
        self.epsilon = epsilon

    def build(self, variables):
        super().build(variables)
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        square = self.squares[i] + gradient**2
        self.assign(self.squares[i], square)
        move = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, learning_rate * move)
'''

_ADAM = '''
class Adam(keras.optimizers.Optimizer):
    """Adam as its paper has it: epsilon is added after the means are unbiased.

    Keras's own adds it before, which shows where gradients are small. `decay` shrinks every
    weight and bias beside the gradient, as in AdamW.
    """

    def __init__(self, learning_rate, beta_1, beta_2, epsilon, decay=0.0, **settings):
        super().__init__(learning_rate, **settings)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.decay = epsilon, decay

    def build(self, variables):
        super().build(variables)
        self.means = self.add_optimizer_variables(variables, "mean")
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, variable.dtype)
        mean = self.beta_1 * self.means[i] + (1 - self.beta_1) * gradient
        square = self.beta_2 * self.squares[i] + (1 - self.beta_2) * gradient**2
        self.assign(self.means[i], mean)
        self.assign(self.squares[i], square)
        root = ops.sqrt(square / (1 - ops.power(self.beta_2, step)))
        move = mean / (1 - ops.power(self.beta_1, step)) / (root + self.epsilon)
        self.assign_sub(variable, learning_rate * (move + self.decay * variable))
'''

_NADAM = '''
class Nadam(keras.optimizers.Optimizer):
    """Nadam (Dozat, 2016); in Keras's own the momentum warms up at a fixed pace."""

    def __init__(self, learning_rate, beta_1, beta_2, epsilon, momentum_decay, **settings):
        super().__init__(learning_rate, **settings)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.momentum_decay = epsilon, momentum_decay

    def build(self, variables):
        super().build(variables)
        self.means = self.add_optimizer_variables(variables, "mean")
        self.squares = self.add_optimizer_variables(variables, "square")
        # the momenta so far, multiplied up, one for each variable
        self.products = [
            self.add_variable(shape=(), initializer="ones", name=f"product_{i}")
            for i in range(len(variables))
        ]

    def momentum(self, step):
        return self.beta_1 * (1 - 0.5 * ops.power(0.96, step * self.momentum_decay))

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, variable.dtype)
        now, following = self.momentum(step), self.momentum(step + 1)
        product = self.products[i] * now
        mean = self.beta_1 * self.means[i] + (1 - self.beta_1) * gradient
        square = self.beta_2 * self.squares[i] + (1 - self.beta_2) * gradient**2
        self.assign(self.products[i], product)
        self.assign(self.means[i], mean)
        self.assign(self.squares[i], square)
        root = ops.sqrt(square / (1 - ops.power(self.beta_2, step)))
        ahead = gradient * (1 - now) / (1 - product) + mean * following / (1 - product * following)
        self.assign_sub(variable, learning_rate * ahead / (root + self.epsilon))
'''

_LBFGS = '''
class LBFGS(keras.optimizers.Optimizer):
    """L-BFGS without a line search: a direction longer than `reach` is shortened to it.

    Steps along which the loss does not curve upwards teach nothing, so that the direction
    always descends. Everything is in one long vector, w for the weights and g for the gradient.
    """

    def __init__(self, learning_rate, memory, reach, **settings):
        super().__init__(learning_rate, **settings)
        self.memory, self.reach = memory, reach

    def build(self, variables):
        super().build(variables)
        size = sum(math.prod(variable.shape) for variable in variables)

        def add(name, *shape):
            return self.add_variable(shape=shape, initializer="zeros", name=name)

        self.w, self.g = add("w", size), add("g", size)
        self.steps = add("steps", self.memory, size)  # oldest first; zeros are not filled yet
        self.changes = add("changes", self.memory, size)
        self.scale = self.add_variable(shape=(), initializer="ones", name="scale")

    def _backend_update_step(self, gradients, variables, learning_rate):
        """All variables at once, instead of `update_step` one by one."""
        g = ops.concatenate([ops.reshape(gradient, (-1,)) for gradient in gradients])
        w = ops.concatenate([ops.reshape(variable, (-1,)) for variable in variables])
        began = self.iterations > 0
        self.remember(w - self.w, g - self.g, began)
        first = g * ops.minimum(1.0, 1.0 / ops.maximum(ops.sum(ops.abs(g)), 1e-30))
        self.assign(self.w, w)
        self.assign(self.g, g)
        direction = ops.where(began, self.precondition(g), first)
        direction = direction * self.reach / ops.maximum(ops.norm(direction), self.reach)
        start = 0
        for variable in variables:
            end = start + math.prod(variable.shape)
            move = ops.reshape(direction[start:end], variable.shape)
            self.assign_sub(variable, learning_rate * move)
            start = end

    def remember(self, step, change, began):
        curvature = ops.dot(step, change)
        curves = ops.logical_and(began, curvature > 1e-10)
        for variable, new in ((self.steps, step), (self.changes, change)):
            past = ops.convert_to_tensor(variable)
            longer = ops.concatenate([past[1:], new[None]])
            self.assign(variable, ops.where(curves, longer, past))
        scale = curvature / ops.where(curves, ops.dot(change, change), 1.0)
        before = ops.convert_to_tensor(self.scale)
        self.assign(self.scale, ops.where(curves, scale, before))

    def precondition(self, g):
        """The inverse Hessian times the gradient, by the two-loop recursion."""
        steps, changes = ops.convert_to_tensor(self.steps), ops.convert_to_tensor(self.changes)
        curvature = ops.sum(steps * changes, axis=1)
        filled = curvature > 0
        inverse = ops.where(filled, 1.0 / ops.where(filled, curvature, 1.0), 0.0)
        shares = {}
        for i in reversed(range(self.memory)):
            shares[i] = inverse[i] * ops.dot(steps[i], g)
            g = g - shares[i] * changes[i]
        g = self.scale * g
        for i in range(self.memory):
            g = g + steps[i] * (shares[i] - inverse[i] * ops.dot(changes[i], g))
        return g
'''

_PLAYGROUND = '''
class PlaygroundSGD(keras.optimizers.Optimizer):
    """TensorFlow Playground's rule: a weight that the penalty carries across zero stays there.

    Only matrices are penalised, biases are not.
    """

    def __init__(self, learning_rate, l1, l2, **settings):
        super().__init__(learning_rate, **settings)
        self.l1, self.l2 = l1, l2

    def build(self, variables):
        super().build(variables)
        self.dead = self.add_optimizer_variables(variables, "dead")  # 1 for a dead weight

    def update_step(self, gradient, variable, learning_rate):
        moved = variable - learning_rate * gradient
        if len(variable.shape) == 2:
            penalty = self.l1 * ops.sign(variable) + self.l2 * variable
            moved = self.penalised(moved, learning_rate * penalty, variable)
        self.assign(variable, moved)

    def penalised(self, moved, amount, variable):
        dead = self.dead[self._get_variable_index(variable)]
        dies = ops.logical_or(dead > 0, moved * (moved - amount) < 0)
        self.assign(dead, ops.cast(dies, dead.dtype))
        return ops.where(dies, 0.0, moved - amount)
'''


def _arguments(**values: Any) -> list[str]:
    return [f"{name}={value!r}" for name, value in values.items()]


def _native(name: str, **settings: Any) -> Rule:
    return Rule(f"keras.optimizers.{name}", _arguments(**settings))


def playground(training: Any) -> Rule:
    return Rule("PlaygroundSGD", _arguments(l1=training.l1, l2=training.l2), _PLAYGROUND)


def _betas(o: Any) -> dict[str, float]:
    return {"beta_1": o.beta_1, "beta_2": o.beta_2}


def _adams(o: Any) -> dict[str, float]:
    return {**_betas(o), "epsilon": o.epsilon}


OPTIMIZERS = {
    "sgd": lambda o: _native("SGD"),
    "momentum": lambda o: Rule("Momentum", _arguments(momentum=o.momentum), _MOMENTUM),
    "nesterov": lambda o: Rule(
        "Momentum", _arguments(momentum=o.momentum, nesterov=True), _MOMENTUM
    ),
    "rmsprop": lambda o: Rule("RMSprop", _arguments(rho=o.rho, epsilon=o.epsilon), _RMSPROP),
    "adagrad": lambda o: Rule("Adagrad", _arguments(epsilon=o.epsilon), _ADAGRAD),
    "adadelta": lambda o: _native("Adadelta", rho=o.rho, epsilon=o.epsilon),
    "adam": lambda o: Rule("Adam", _arguments(**_adams(o)), _ADAM),
    "adamw": lambda o: Rule("Adam", _arguments(**_adams(o), decay=o.weight_decay), _ADAM),
    "nadam": lambda o: Rule(
        "Nadam", _arguments(**_adams(o), momentum_decay=o.momentum_decay), _NADAM
    ),
    "lion": lambda o: _native("Lion", **_betas(o)),
    "lbfgs": lambda o: Rule("LBFGS", _arguments(memory=o.memory, reach=o.reach), _LBFGS),
}

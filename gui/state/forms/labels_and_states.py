"""Labels of a classifier, and buffers that Core ML keeps between calls."""

from collections.abc import Callable

from ....core.recipe.model import CoreMLClassifier, Recipe
from ..edits import with_classifier
from ..fields import Field, Section, recipe_field
from ..recipe_values import with_value
from .form import Form

_NO_CLASSIFIER = CoreMLClassifier(labels=("",))
"""What the fields show while there is none."""


def classifier_section(form: Form) -> Section:
    recipe = form.recipe
    classifier = recipe.coreml.classifier
    shown = recipe if classifier else with_value(recipe, ("coreml", "classifier"), _NO_CLASSIFIER)
    fields = tuple(
        recipe_field(
            shown,
            ("coreml", "classifier", key),
            edit=lambda recipe, value, key=key: with_classifier(recipe, key, value),
            is_enabled=classifier is not None or key.startswith("labels"),
        )
        for key in ("labels", "labels_file", "predicted", "probabilities")
    )
    count = len(classifier.labels) if classifier else 0
    note = "With labels, the app gets the likeliest label and the score of each."
    if count:
        note = f"{count} label{'' if count == 1 else 's'}."
    return Section(key="classifier", title="Classifier", fields=fields, note=note, is_open=classifier is not None)


def states_section(form: Form) -> Section:
    session, recipe = form.session, form.recipe
    buffers = session.inspection.buffers if session.inspection else ()
    typed = form.field("coreml", "states")
    if not buffers:
        note = "The model has no buffers." if session.inspection else "Buffers are listed once the model is loaded."
        is_shown = bool(recipe.coreml.states)
        return Section(key="states", title="States", fields=(typed,) if is_shown else (), note=note, is_open=is_shown)
    names = dict.fromkeys([*(buffer.path for buffer in buffers), *recipe.coreml.states])
    sizes = {buffer.path: " × ".join(map(str, buffer.shape)) or "one number" for buffer in buffers}
    fields = tuple(
        Field(
            key=f"coreml.states.{name}",
            label=f"{name}  ({sizes.get(name, 'not in the model')})",
            kind="switch",
            value=name in recipe.coreml.states,
            edit=_state_edit(name),
            help="The model updates this buffer and Core ML keeps it between calls (iOS 18). Inputs stay as they are.",
            problem=typed.problem if name in recipe.coreml.states[:1] else "",
        )
        for name in names
    )
    return Section(
        key="states",
        title="States",
        fields=fields,
        note="Buffers that the model updates, and that Core ML is to keep between calls.",
        is_open=bool(recipe.coreml.states),
    )


def _state_edit(name: str) -> Callable[[Recipe, bool], Recipe]:
    def edit(recipe: Recipe, is_on: bool) -> Recipe:
        others = tuple(state for state in recipe.coreml.states if state != name)
        return with_value(recipe, ("coreml", "states"), (*others, name) if is_on else others)

    return edit

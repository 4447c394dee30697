"""How the Core ML package is made: what fits is offered, and what does not fit is told where it was chosen."""

from ..fields import Section
from ..session import Session
from .compression import compression_sections
from .features import input_sections, output_sections
from .form import Form
from .functions import function_sections
from .labels_and_states import classifier_section, states_section
from .problems import coreml_problems

_GENERAL = (
    "enabled",
    "minimum_deployment_target",
    "convert_to",
    "precision",
    "float32_operations",
    "compute_units",
)
_METADATA = ("author", "license", "version", "description", "preview", "user")


def coreml_form(session: Session) -> tuple[Section, ...]:
    """Return the sections of the Core ML options; of a package that is not made, only the switch."""
    assert session.document is not None
    recipe = session.document.recipe
    form = Form(session, recipe, coreml_problems(recipe))
    keys = _GENERAL if recipe.coreml.enabled else _GENERAL[:1]
    general = Section(
        key="general",
        title="Package",
        fields=tuple(form.field("coreml", key) for key in keys),
        is_open=True,
        has_heading=False,
        problem=form.problems.get("", ""),
    )
    if not recipe.coreml.enabled:
        return (general,)
    return (
        general,
        *input_sections(form),
        *output_sections(form),
        classifier_section(form),
        states_section(form),
        *compression_sections(form),
        *function_sections(form),
        Section(
            key="metadata",
            title="Description for Xcode",
            fields=tuple(form.field("coreml", "metadata", key) for key in _METADATA),
        ),
    )

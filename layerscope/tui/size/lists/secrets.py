"""The secrets of an image."""

from layerscope.analysis.advice.secrets import Secret
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import path_text, printable_line
from layerscope.tui.size.lists.model import PATH, Order, SizeList, Subject, count_column, layer_title, shown_path
from layerscope.tui.widgets.row_table import TableColumn, TableRow

ALL_SECRETS = -1
"""The subject of the place that lists all secrets."""


def secret_list(analysis: SizeAnalysis) -> SizeList[Secret]:
    """Return all secrets, by layer."""
    secrets, layers = analysis.report.secrets, len(analysis.image.layers)

    def build(secret: Secret) -> TableRow:
        return TableRow(
            (str(secret.layer), str(secret.removed_in or ""), secret.kind.words, shown_path(secret.path)),
            style="error",
            subject=Subject(secret.node, secret.layer),
            detail=f"{secret.text}\nlayer {secret.layer}: {printable_line(layer_title(analysis, secret.layer))}",
        )

    return SizeList(
        columns=(
            count_column("layer", layers),
            count_column("removed in", layers),
            TableColumn("secret", width=max((len(secret.kind.words) for secret in secrets), default=0)),
            PATH,
        ),
        records=secrets,
        build=build,
        orders=(Order("layer", lambda secret: secret.layer), Order("path", lambda secret: secret.path)),
        text=lambda secret: path_text(secret.path)[1:],
        size=lambda secret: secret.size,
        when_empty="No secret was found.",
    )

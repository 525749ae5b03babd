from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.advice.rules import advise
from layerscope.model.entries import Kind
from tests.analysis.entries import directory, hardlink, opaque, whiteout
from tests.analysis.size.analyzed import Content, sized, written

FOLDERS = ["a", "a/__pycache__", "var/log", "var/cache/apt", "src/.git", "usr/include", "etc"]
paths = st.builds("{}/{}".format, st.sampled_from(FOLDERS), st.sampled_from(["HEAD", "f", "g", "core"]))
files = st.builds(
    written,
    paths,
    st.sampled_from(["x", "y"]),
    st.sampled_from([1, 2, 300]),
    mode=st.sampled_from([0o644, 0o600]),
    uid=st.sampled_from([0, 1]),
    mtime=st.integers(0, 1),
)
hidden = st.sampled_from([*FOLDERS, *(f"{folder}/f" for folder in FOLDERS)])
others = st.one_of(hidden.map(whiteout), hidden.map(opaque), hidden.map(directory), st.builds(hardlink, paths, paths))
layers = st.lists(st.one_of(files, files, files, others), max_size=8)
INSTRUCTIONS = ["RUN make", "COPY . /", "RUN pip install x", None]


@given(st.lists(layers, min_size=1, max_size=5), st.integers(0, 2))
@settings(max_examples=60)
def test_savings_never_overlap_and_never_exceed_the_image(stack: list[list[Content]], base_layers: int) -> None:
    image = sized(*stack)
    instructions = [INSTRUCTIONS[number % len(INSTRUCTIONS)] for number in range(len(stack))]
    evidence = image.evidence(*instructions, base_layers=base_layers)
    advice = advise(evidence)
    claimed = [file for piece in advice for file in piece.files]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {*image.live.occurrences, *(entry.occurrence for entry in image.dead.entries)}
    assert all(image.tree.kind(file) is Kind.FILE for file in claimed)
    assert [piece.saves for piece in advice] == [evidence.size(piece.files) for piece in advice]
    assert sum(piece.saves for piece in advice) <= evidence.total
    assert all(evidence.origin(file) <= image.tree.index.layers[file] for file in claimed)

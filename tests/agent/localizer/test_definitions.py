import pytest

from agent.localizer.definitions import defined_names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("    async def pay(self):", "pay"),
        ("class Cart(Base):", "Cart"),
        ('    parser.add_argument("-v", "--verbose")', "--verbose"),
        ("export default function pay() {", "pay"),
        ("function* items() {", "items"),
        ("  async *items() {", "items"),
        ("export const Cart: FC<Props> = (props) => {", "Cart"),
        ("var pay = function () {", "pay"),
        ("let pay = async () => 1", "pay"),
        ("res.send = function (body) {", "send"),
        ("module.exports = function pay() {}", "pay"),
        ("  private onClick = () => {", "onClick"),
        ("  static readonly pay = (x: number): string => {", "pay"),
        ("  find<T>(id): T {", "find"),
        ("  open(a = now()) {", "open"),
        ("  #secret() {", "secret"),
        ("const enum Colour {", "Colour"),
        ("declare function pay(): void", "pay"),
        ("  .option('-p, --port <number>')", "--port"),
        ("pub(crate) const fn pay() {", "pay"),
        ("  public List<String> findAll(int id) throws Lost {", "findAll"),
        ("#define MOST_ITEMS 3", "MOST_ITEMS"),
        ("def fn(x):", "fn"),
    ],
)
def test_a_line_defines_a_name(line: str, name: str) -> None:
    assert list(defined_names(f"{line}\n", "shop/cart.ts")) == [name]


@pytest.mark.parametrize(
    "line",
    [
        "# pay later",
        "# define a price",
        "  if (paid) {",
        "  return pay(cart) {",
        "pay(cart);",
        "x == y",
        "",
    ],
)
def test_a_line_that_defines_nothing(line: str) -> None:
    assert list(defined_names(f"{line}\n", "shop/cart.py")) == []


@pytest.mark.parametrize(
    ("text", "name"), [("## Pay later\n", "Pay later"), ("Pay\n===\n", "Pay")]
)
def test_the_headings_of_pages_are_names(text: str, name: str) -> None:
    assert list(defined_names(text, "docs/pay.rst")) == [name]


@pytest.mark.parametrize("text", ["\n", " ", "a.", "a (", "(", "static ", "<a"])
def test_a_long_text_of_nothing_is_read_to_its_end(text: str) -> None:
    """Rows of blank lines took half a minute: each began a search of its own."""
    assert list(defined_names(text * 40_000, "a.py")) == []

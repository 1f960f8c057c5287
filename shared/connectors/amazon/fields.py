"""What is Amazon's own among its values: two ways to write money, and digits of flat files."""

from decimal import Decimal

from shared.domain.fields import Node, read_amount, read_currency, require_node


def read_money(node: object, field: str) -> tuple[Decimal, str]:
    """Amount and currency of `Money`, whose amount is a text."""
    money: Node = require_node(node, field)
    return read_amount(money.get("amount"), field), read_currency(money.get("currencyCode"), field)


def read_currency_amount(node: object, field: str) -> tuple[Decimal, str]:
    """Amount and currency of `Currency`, whose amount is a number."""
    money: Node = require_node(node, field)
    amount = read_amount(money.get("currencyAmount"), field)
    return amount, read_currency(money.get("currencyCode"), field)

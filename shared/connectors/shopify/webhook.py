"""Which of Shopify's deliveries are believed: signed, of the credential's own shop, and of the topic's own shape.

The signature covers the body alone. One secret signs for every shop that has the app, so the shop and the
topic that a delivery names beside its body prove nothing. Topics that can do harm have bodies that name
their shop; the others are hints, and what they hint at is asked of the credential's own shop.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.webhook import DISCONNECTING, PRIVACY, Delivery

SIGNATURE, SHOP, TOPIC = "x-shopify-hmac-sha256", "x-shopify-shop-domain", "x-shopify-topic"
# The fields that a topic's body must have beside its shop's domain, and that no other topic's body may have.
SHAPES = {
    "app/uninstalled": frozenset({"myshopify_domain"}),
    "shop/redact": frozenset({"shop_domain"}),
    "customers/redact": frozenset({"shop_domain", "customer", "orders_to_redact"}),
    "customers/data_request": frozenset({"shop_domain", "customer", "orders_requested"}),
}
SHAPE_FIELDS = frozenset().union(*SHAPES.values())


@dataclass(frozen=True, slots=True)
class ExpectedShop:
    """Whose deliveries are believed: the domain where it is known, else the shop's id, and the secret."""

    secret: str
    domain: str | None
    shop_id: str | None


def find_fault(delivery: Delivery, expected: ExpectedShop) -> str | None:
    """What is wrong with a delivery, naming the field; None where it is believed."""
    body = delivery.body or b""
    if not is_signed(body, delivery.headers, expected.secret):
        return (
            f"signature: that of {delivery.topic} does not fit; store the app's secret as webhook_secret "
            "of the credential, then retry this job"
        )
    named = _read(body)
    if not _has_shape(delivery.topic, named):
        return f"topic: the body is none of {delivery.topic}"
    if not _is_of_shop(delivery, named, expected):
        return f"shop: the body of {delivery.topic} is of another shop than the credential's"
    return None


def is_signed(body: bytes, headers: Mapping[str, object], secret: str) -> bool:
    """Whether the body was signed with this secret; header names in any case. An empty secret signs nothing."""
    expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    # Bytes, so that a signature with letters that base64 has not is unequal and no error.
    given = _header(headers, SIGNATURE).encode("utf-8", errors="replace")
    return bool(secret) and hmac.compare_digest(expected, given)


def _header(headers: Mapping[str, object], wanted: str) -> str:
    found = next((value for name, value in headers.items() if name.lower() == wanted), "")
    return found if isinstance(found, str) else ""


def _read(body: bytes) -> Mapping[str, object]:
    try:
        named = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return named if isinstance(named, dict) else {}


def _has_shape(topic: str, named: Mapping[str, object]) -> bool:
    wanted = SHAPES.get(topic)
    if wanted is None:
        # A shop's or a customer's body under the topic of an order.
        return topic not in DISCONNECTING | PRIVACY and not {
            "shop_domain",
            "myshopify_domain",
        } & set(named)
    return wanted <= set(named) and not (SHAPE_FIELDS - wanted) & set(named)


def _is_of_shop(delivery: Delivery, named: Mapping[str, object], expected: ExpectedShop) -> bool:
    said = _header(delivery.headers, SHOP)
    if said and expected.domain and said.lower() != expected.domain.lower():
        return False
    if delivery.topic not in SHAPES:
        return True
    domain = named.get("myshopify_domain", named.get("shop_domain"))
    if expected.domain is not None:
        return isinstance(domain, str) and domain.lower() == expected.domain.lower()
    shop_id = named.get("shop_id", named.get("id"))
    return expected.shop_id is None or str(shop_id) == expected.shop_id

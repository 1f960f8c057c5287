"""The listings report: the offers of a site, with headers in the seller's own language; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.connectors.amazon.amounts import parse_amount
from shared.connectors.amazon.flat_files import Row
from shared.domain.fields import LONGEST_ID, read_name, read_sku, read_text
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
# Without these a row says nothing.
REQUIRED = ("seller-sku", "price")
# What sellers' languages call the columns that are read.
COLUMNS: Mapping[str, str] = {
    "seller-sku": "seller-sku",
    "seller sku": "seller-sku",
    "sku": "seller-sku",
    "händler-sku": "seller-sku",
    "verkäufer-sku": "seller-sku",
    "sku-vendeur": "seller-sku",
    "sku vendeur": "seller-sku",
    "sku du vendeur": "seller-sku",
    "sku venditore": "seller-sku",
    "sku del venditore": "seller-sku",
    "sku del vendedor": "seller-sku",
    "sku de vendedor": "seller-sku",
    "sku del negocio": "seller-sku",
    "sku do vendedor": "seller-sku",
    "verkoper-sku": "seller-sku",
    "säljar-sku": "seller-sku",
    "sku sprzedawcy": "seller-sku",
    "satıcı sku'su": "seller-sku",
    "卖家 sku": "seller-sku",
    "卖家sku": "seller-sku",
    "賣家 sku": "seller-sku",
    "出品者sku": "seller-sku",
    "出品者 sku": "seller-sku",
    "price": "price",
    "preis": "price",
    "prix": "price",
    "prezzo": "price",
    "precio": "price",
    "preço": "price",
    "prijs": "price",
    "pris": "price",
    "cena": "price",
    "fiyat": "price",
    "价格": "price",
    "價格": "price",
    "価格": "price",
    "item-name": "item-name",
    "item name": "item-name",
    "artikelbezeichnung": "item-name",
    "artikelname": "item-name",
    "produktname": "item-name",
    "nom-produit": "item-name",
    "nom du produit": "item-name",
    "nome-prodotto": "item-name",
    "nome dell'articolo": "item-name",
    "nome prodotto": "item-name",
    "título del producto": "item-name",
    "nombre del producto": "item-name",
    "nome do produto": "item-name",
    "productnaam": "item-name",
    "produktnamn": "item-name",
    "nazwa produktu": "item-name",
    "商品名称": "item-name",
    "商品名稱": "item-name",
    "商品名": "item-name",
    "asin1": "asin1",
    "asin 1": "asin1",
    "asin": "asin1",
    "product-id": "product-id",
    "produkt-id": "product-id",
    "produktnummer": "product-id",
    "id-produit": "product-id",
    "id-prodotto": "product-id",
    "id del producto": "product-id",
    "商品编码": "product-id",
    "商品id": "product-id",
    "status": "status",
    "statut": "status",
    "état": "status",
    "stato": "status",
    "estado": "status",
    "stan": "status",
    "durum": "status",
    "状态": "status",
    "狀態": "status",
    "ステータス": "status",
    "fulfillment-channel": "fulfillment-channel",
    "fulfilment-channel": "fulfillment-channel",
    "versand durch": "fulfillment-channel",
    "versender": "fulfillment-channel",
    "canal-de-traitement": "fulfillment-channel",
    "配送渠道": "fulfillment-channel",
}
# An offer that cannot be bought; every other status can.
INACTIVE = frozenset(
    {
        "inactive",
        "incomplete",
        "inaktiv",
        "inactif",
        "inattivo",
        "inactivo",
        "不可售",
        "停售",
        "停止",
    }
)


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer of the seller: what it is called, what it costs, whether it can be bought."""

    sku: str
    name: str
    asin: str
    unit_price: Decimal | None
    is_active: bool
    # Whether Amazon stores and sends it; None where the report does not say.
    is_stored: bool | None = None


@dataclass(frozen=True, slots=True)
class Listings:
    """The offers by SKU, the rows that could not be read, and the columns that nobody understands."""

    offers: dict[str, Listing]
    rejected: tuple[RejectedRecord, ...] = ()
    problem: str | None = None


def read_offers(rows: Iterable[Row]) -> Listings:
    """All offers of a report; of one whose header is not understood none, with the columns named."""
    offers: dict[str, Listing] = {}
    rejected: list[RejectedRecord] = []
    for number, row in enumerate(rows, start=2):
        if number == 2 and "?" not in row:
            problem = _header_problem(list(row))
            if problem is not None:
                return Listings({}, (), problem)
        try:
            listing = _read_listing(row)
        except SkipRecord as error:
            rejected.append(reject(_known(row).get("seller-sku") or f"row {number}", error))
        else:
            offers[listing.sku] = listing
    return Listings(offers, tuple(rejected))


def read_listings(rows: Iterable[Row]) -> dict[str, Listing]:
    """The offers by SKU."""
    return read_offers(rows).offers


def _header_problem(header: Sequence[str]) -> str | None:
    known = {COLUMNS.get(name) for name in header}
    if all(name in known for name in REQUIRED):
        return None
    unknown = ", ".join(name[:40] for name in header if name not in COLUMNS)
    return (
        f"listings: the columns {unknown[:200]} of the report are not understood; set the language of "
        "reports to English in Seller Central"
    )


def _known(row: Row) -> dict[str, str]:
    """The row by the columns that are read, whatever its language calls them."""
    return {COLUMNS[name]: value for name, value in row.items() if name in COLUMNS}


def _read_listing(reported: Row) -> Listing:
    if "?" in reported:
        raise SkipRecord("columns: the row has another number of columns than the header")
    row = _known(reported)
    price = row.get("price", "").strip()
    unit_price = parse_amount(price, "price") if price else None
    sku = read_sku(row.get("seller-sku"), "seller-sku")
    stored = row.get("fulfillment-channel", "").strip().upper()
    return Listing(
        sku,
        read_name(row.get("item-name", "").strip(), "item-name") or sku,
        read_text(row.get("asin1") or row.get("product-id"), "asin1", LONGEST_ID),
        unit_price if unit_price is not None and unit_price >= 0 else None,
        row.get("status", "").strip().lower() not in INACTIVE,
        stored.startswith("AMAZON") if stored else None,
    )

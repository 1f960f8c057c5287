"""What to do about records that were set aside, by what is wrong with them; pure."""

# By the beginning of the field that is at fault; the first that fits.
BY_FIELD: tuple[tuple[str, str], ...] = (
    ("sku", "give the product a SKU of at most 100 characters in the shop"),
    (
        "unitCost",
        "correct the cost of the product in the shop; it is kept without a cost until then",
    ),
    ("numeric", "correct the amount at the vendor"),
    ("quantities", "correct the stock at the vendor; the last count stands until then"),
    ("quantity", "correct the number of units at the vendor"),
    ("item-tax", "set the product's own rate with `capliquify rules vat-rate`"),
    ("sales-channel", "ask support to add the site if you sell there"),
    ("marketplaceId", "look the transaction up in the vendor's console; its site is not named"),
    (
        "totalAmount",
        "compare the transaction with the vendor's own report; its parts do not add up",
    ),
    ("items", "compare the transaction with the vendor's own report; its parts do not add up"),
    (
        "transactionType",
        "report it to support: the vendor has a kind of transaction that is new to us",
    ),
    ("columns", "set the language of reports to English at the vendor, and pull again"),
    ("currency", "check the currency at the vendor; one channel sells in one currency"),
    ("CurrencyRate", "enter the exchange rate in the books"),
    (
        "series",
        "look at the SKU's sales; `capliquify jobs show` of the forecast has the worker's log",
    ),
    ("predicted_value", "look at the SKU's sales for a quantity that cannot be meant"),
    ("transactions", "nothing, if the fees of such orders may stay estimates"),
    (
        "record",
        "report it to support: the vendor's record has another shape than its documentation",
    ),
)
UNKNOWN_NAME = "report it to support: the vendor uses a name for an amount that is new to us"
OTHERWISE = "correct it at the vendor; the record is read again with its next change"


def advise(field: str, reason: str) -> str:
    """One sentence for the person who reads the list."""
    if "under a name that is not known" in reason:
        return UNKNOWN_NAME
    known = (advice for name, advice in BY_FIELD if field.lower().startswith(name.lower()))
    return next(known, OTHERWISE)

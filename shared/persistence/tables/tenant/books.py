"""What stands in the accounting: balances by day and open invoices."""

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.enums import ACCOUNT_CLASS, INVOICE_KIND
from shared.persistence.tables.kinds import CURRENCY, EMPTY_TEXT, MONEY, RATE, TENANT

account_balances = Table(
    "account_balances",
    TENANT,
    row_id("the row"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("balance_date", Date, "the day, at its end"),
    required(
        "account_class",
        ACCOUNT_CLASS,
        "CASH, ACCOUNTS_RECEIVABLE, INVENTORY, ACCOUNTS_PAYABLE or SHORT_TERM_DEBT",
    ),
    required("source", String(50), "which book says so: xero, or entered by a person"),
    required(
        "account_code",
        String(100),
        "the vendor's id of the account; empty where a person entered it",
        default=EMPTY_TEXT,
    ),
    required(
        "amount",
        MONEY,
        "in the row's currency, two places; what is owed is positive on payables and debt",
    ),
    required("currency", CURRENCY, "ISO 4217; only balances in the company's currency count"),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "balance_date",
        "account_class",
        "source",
        "account_code",
        name="idx_account_balances_identity",
    ),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="account_balances_currency_check"),
    Index("idx_account_balances_date", "balance_date"),
    comment=(
        "balances of accounts at the end of a day, from Xero or entered by people; one "
        "stands until the next"
    ),
)

open_invoices = Table(
    "open_invoices",
    TENANT,
    row_id("the row"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("source", String(50), "which book: xero"),
    required("source_invoice_id", String(255), "the vendor's id"),
    required("kind", INVOICE_KIND, "RECEIVABLE: owed to the company; PAYABLE: owed by it"),
    required("status", String(50), "state in the vendor's own words"),
    required("issued_on", Date, "day of issue"),
    optional("due_on", Date, "day on which it is due; NULL where the vendor names none"),
    required("currency", CURRENCY, "ISO 4217"),
    optional(
        "exchange_rate",
        RATE,
        (
            "units of the row's currency for one of the books' currency; NULL where they are the "
            "same"
        ),
    ),
    required(
        "total_amount",
        MONEY,
        (
            "in the row's currency, two places; negative on credit notes, overpayments and "
            "prepayments"
        ),
    ),
    required("amount_due", MONEY, "what is not paid yet, in the row's currency; 0 once closed"),
    optional(
        "closed_on",
        Date,
        (
            "day on which nothing was due any more; NULL while something is, or where the vendor "
            "does not say"
        ),
    ),
    made_at(),
    changed_at(),
    UniqueConstraint("source", "source_invoice_id", name="idx_open_invoices_source"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="open_invoices_currency_check"),
    CheckConstraint("exchange_rate > 0", name="open_invoices_exchange_rate_check"),
    Index("idx_open_invoices_company", "company_id"),
    Index("idx_open_invoices_due", "due_on"),
    comment=(
        "invoices, credit notes, overpayments and prepayments from the books; nothing of the "
        "contact is kept"
    ),
)

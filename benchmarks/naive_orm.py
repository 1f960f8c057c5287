"""The peer of `pull`: one ORM object a line, looked up and then added or changed, as a first version does it."""

import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shared.domain.sales import SaleLine

FIELDS = ("sale_date", "quantity", "unit_price", "total_amount", "tax_amount", "currency")
BATCH = 500


class Base(DeclarativeBase):
    """The peer's tables."""


class Sale(Base):
    """A line of an order."""

    __tablename__ = "naive_sales"
    channel: Mapped[str] = mapped_column(String(50), primary_key=True)
    channel_order_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    channel_line_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    sale_date: Mapped[date]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    total_amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    tax_amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    currency: Mapped[str] = mapped_column(String(3))


def rows_a_second(url: str, lines: Sequence[SaleLine]) -> float:
    """How fast such a loop writes these lines."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    Base.metadata.create_all(engine)
    began = time.perf_counter()
    with Session(engine) as session:
        for number, line in enumerate(lines, start=1):
            _upsert(session, line)
            if number % BATCH == 0:
                session.commit()
        session.commit()
    elapsed = time.perf_counter() - began
    engine.dispose()
    return len(lines) / elapsed


def _upsert(session: Session, line: SaleLine) -> None:
    identity = {
        name: getattr(line, name) for name in ("channel", "channel_order_id", "channel_line_id")
    }
    found = session.scalars(select(Sale).filter_by(**identity)).first()
    if found is None:
        found = Sale(**identity)
        session.add(found)
    for name in FIELDS:
        setattr(found, name, getattr(line, name))

"""The tenant's company."""

from psycopg.rows import class_row

from shared.domain.company import Company
from shared.errors import InvalidInput
from shared.persistence.database import Connection


class CompanyRepository:
    """Reads and creates the company that all figures belong to: the oldest, if there are several."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Company:
        """The company; raises `InvalidInput` where the tenant has none yet."""
        company = self._find()
        if company is None:
            raise InvalidInput("company: this tenant has no company yet; create one first")
        return company

    def ensure(self, name: str, currency: str, timezone: str) -> Company:
        """The company, created with these values if the tenant has none."""
        if (company := self._find()) is not None:
            return company
        self._connection.execute(
            "INSERT INTO companies (name, primary_currency, timezone) VALUES (%s, %s, %s)",
            (name, currency, timezone),
        )
        return self.get()

    def set_vat_registered(self, registered: bool) -> None:
        """Says whether the tenant's companies are registered for VAT."""
        self._connection.execute(
            "UPDATE companies SET vat_registered = %s, updated_at = now()", (registered,)
        )

    def _find(self) -> Company | None:
        with self._connection.cursor(row_factory=class_row(Company)) as cursor:
            return cursor.execute(
                "SELECT id, name, primary_currency AS currency, timezone, vat_registered "
                "FROM companies ORDER BY created_at, id LIMIT 1"
            ).fetchone()

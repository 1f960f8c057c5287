"""The bank's two files of rates: the newest day, and all days since 1999."""

import io
import zipfile
import zlib

from shared.connectors.ecb.sheet import read_sheet
from shared.domain.exchange_rates import RateSheet
from shared.errors import VendorUnavailable
from shared.use_cases.vendors import VendorApi

NEWEST, HISTORY = "/stats/eurofxref/eurofxref.zip", "/stats/eurofxref/eurofxref-hist.zip"
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
LARGEST_FILE_BYTES = 4 * 1024 * 1024
LARGEST_TABLE_BYTES = 64 * 1024 * 1024


class EcbRates:
    """Reads rates below a base URL; raises `VendorUnavailable` for what is no table of rates."""

    def __init__(self, api: VendorApi, base_url: str) -> None:
        self._api, self._base_url = api, base_url.rstrip("/")

    def newest(self) -> RateSheet:
        """The rates of the last day that the bank has published."""
        return self._read(NEWEST)

    def history(self) -> RateSheet:
        """The rates of all days."""
        return self._read(HISTORY)

    def _read(self, path: str) -> RateSheet:
        with self._api.download(self._base_url + path) as pieces:
            data = bytearray()
            for piece in pieces:
                data += piece
                if len(data) > LARGEST_FILE_BYTES:
                    raise VendorUnavailable("ecb: the file of rates is too large")
        return read_sheet(_unzip(bytes(data)))


def _unzip(data: bytes) -> str:
    """The text of the only table in the archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [each for each in archive.infolist() if each.filename.endswith(".csv")]
            if len(names) != 1 or names[0].file_size > LARGEST_TABLE_BYTES:
                raise VendorUnavailable("ecb: the archive does not hold one table of rates")
            return archive.read(names[0]).decode("utf-8-sig")
    except UNREADABLE:
        raise VendorUnavailable("ecb: the answer is no archive, or ends in the middle") from None

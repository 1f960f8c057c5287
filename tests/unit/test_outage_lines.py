"""An outage of PostgreSQL or the broker is two lines in the log, not thousands."""

from structlog.testing import capture_logs

from workers.dispatcher import Outage


def test_an_outage_is_a_line_when_it_begins_and_one_when_it_ends_with_its_length() -> None:
    outage = Outage()
    with capture_logs() as lines:
        outage.end()
        for _ in range(1000):
            outage.begin("database: the connection was lost")
        outage.end()
        outage.end()
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("outage_began", "error"),
        ("outage_ended", "warning"),
    ]
    assert lines[0]["reason"] == "database: the connection was lost"
    assert lines[1]["lasted_s"] >= 0

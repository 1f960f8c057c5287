"""Settings: what is wrong with one is a line that names the variable and an example."""

import pytest

from shared.errors import InvalidInput
from workers.cli.processes import flower_auth, require_queues
from workers.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CAPLIQUIFY_TENANT_CAPS", "sync=4", 'must be a JSON object, such as {"sync": 4}'),
        ("CAPLIQUIFY_TENANT_CAPS", "[4]", 'must be a JSON object, such as {"sync": 4}'),
        ("CAPLIQUIFY_VENDOR_CAPS", "shopify", 'must be a JSON object, such as {"shopify": 4}'),
        ("CAPLIQUIFY_VENDOR_CAPS.shopify", "-1", "Input should be greater than or equal to 0"),
        ("CAPLIQUIFY_LEASE_S", "0", "Input should be greater than or equal to 0.5"),
        ("CAPLIQUIFY_LEASE_S", "nan", "Input should be less than or equal to 3600"),
        ("CAPLIQUIFY_POLL_S", "0", "Input should be greater than or equal to 0.05"),
        ("REDIS_URL", "hello", "must begin with redis:// or rediss://"),
    ],
)
def test_a_setting_that_is_none_is_named_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    variable, _, key = name.partition(".")
    monkeypatch.setenv(variable, f'{{"{key}": {value}}}' if key else value)
    with pytest.raises(InvalidInput) as caught:
        Settings.read()
    assert caught.value.message == f"{name}: {problem}"


def test_caps_are_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLIQUIFY_TENANT_CAPS", '{"sync": 2, "maintenance": 0}')
    settings = Settings.read()
    assert settings.tenant_caps == {"sync": 2, "maintenance": 0}
    assert settings.vendor_caps == {}


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLIQUIFY_TENANT_CAPS", "")
    assert Settings.read().tenant_caps == {"sync": 4, "forecast": 4}


def test_a_cap_of_a_queue_that_is_none_is_named() -> None:
    require_queues("CAPLIQUIFY_TENANT_CAPS", {"sync": 4, "interactive": 1})
    with pytest.raises(InvalidInput) as caught:
        require_queues("CAPLIQUIFY_TENANT_CAPS", {"sink": 4})
    assert caught.value.message == (
        "CAPLIQUIFY_TENANT_CAPS: there is no queue 'sink'; "
        "there are interactive, sync, forecast, maintenance"
    )


def test_flowers_login_keeps_its_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLIQUIFY_FLOWER_AUTH", "jo:pass:word")
    assert flower_auth(Settings.read()) == "jo:pass:word"


@pytest.mark.parametrize("login", ["jo", "jo:", ":word", "jo:pass,word", "jo:pässword"])
def test_a_login_that_flower_would_take_for_another_is_refused(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("CAPLIQUIFY_FLOWER_AUTH", login)
    with pytest.raises(InvalidInput) as caught:
        flower_auth(Settings.read())
    assert caught.value.message == (
        "CAPLIQUIFY_FLOWER_AUTH: must be user:password, in ASCII and without a comma"
    )

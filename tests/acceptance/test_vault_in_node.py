"""The published format: Node.js and Python open each other's secrets, with the code of the document."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.errors import VaultError
from shared.security.vault import AesGcmVault, KeyRing

pytestmark = pytest.mark.acceptance

DOCS = Path(__file__).resolve().parents[2] / "docs"
VECTORS: list[dict[str, str]] = json.loads(
    (DOCS / "vault-vectors.json").read_text(encoding="utf-8")
)["vectors"]
SECRETS = [
    "a secret token",
    '{"shop_domain": "acme.myshopify.com", "access_token": "not a real token"}',
    "another secret token",
    "Schlüssel – 鍵 🔑",
    "",
]


def vault_of(vector: dict[str, str]) -> AesGcmVault:
    return AesGcmVault(KeyRing.parse(f"{vector['key_id']}:{vector['key']}"))


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What Node.js answered, running the code that stands in the document."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on the PATH: `node` opens the vectors in this test")
    code = re.search(r"```js\n(.*?)```", (DOCS / "vault-format.md").read_text("utf-8"), re.DOTALL)
    assert code is not None
    recipe = tmp_path_factory.mktemp("recipe") / "recipe.mjs"
    recipe.write_text(code[1], encoding="utf-8")
    script = Path(__file__).with_name("vault.mjs")
    ended = subprocess.run(
        [node, script, recipe, DOCS / "vault-vectors.json"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, list[Any]] = json.loads(ended.stdout)
    return answer


def test_the_vectors_hold_the_secrets_that_they_name() -> None:
    assert [each["secret"] for each in VECTORS] == SECRETS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_python_opens_a_vector_at_its_place_and_nowhere_else(vector: dict[str, str]) -> None:
    vault = vault_of(vector)
    assert vault.open(vector["sealed"], vector["place"]).decode() == vector["secret"]
    with pytest.raises(VaultError, match="does not open"):
        vault.open(vector["sealed"], vector["place"] + "x")


def test_node_opens_every_vector(in_node: dict[str, list[Any]]) -> None:
    assert in_node["opened"] == SECRETS


def test_node_refuses_every_vector_elsewhere_with_another_key_or_cut_off(
    in_node: dict[str, list[Any]],
) -> None:
    refused = {"elsewhere": True, "otherKey": True, "cutOff": True, "mostlyCutOff": True}
    assert in_node["refused"] == [refused] * 5


def test_python_opens_what_node_seals_and_only_at_its_place(in_node: dict[str, list[Any]]) -> None:
    assert len(in_node["sealed"]) == 5
    for vector, secret, sealed in zip(VECTORS, SECRETS, in_node["sealed"], strict=True):
        assert sealed != vector["sealed"]
        assert vault_of(vector).open(sealed, vector["place"]).decode() == secret
        with pytest.raises(VaultError, match="does not open"):
            vault_of(vector).open(sealed, vector["place"] + "x")

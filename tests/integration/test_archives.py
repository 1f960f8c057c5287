"""Backups and exports of one tenant."""

import csv
import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.embedded.binaries import postgresql_binaries
from shared.errors import InvalidInput, ServiceError
from shared.persistence.archives.backup import back_up, count_rows
from shared.persistence.archives.export import ExportFormat, export_tenant
from shared.persistence.archives.programs import ClientPrograms
from shared.persistence.archives.restore import rename_schema, restore
from shared.persistence.archives.secrets import rebind_secrets
from shared.persistence.lifecycle import TenantLifecycle
from shared.persistence.tenancy import schema_of
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.store_credential import open_credential, store_credential
from tests.isolation.conftest import fill
from workers.wiring import Wiring

SECRET = {"shop_domain": "acme.myshopify.com", "access_token": "shpat_1"}


@pytest.fixture
def programs() -> ClientPrograms:
    binaries = postgresql_binaries()
    return ClientPrograms(binaries.bin, binaries.env)


@pytest.fixture
def filled(wiring: Wiring, database_url: str, acme: UUID, globex: UUID) -> UUID:
    """Acme with a row in every table, awkward text among them; globex with its own."""
    with psycopg.connect(database_url) as connection:
        fill(connection, acme, f"acme\t'\\N\n\\.\n{schema_of(acme)} ☕")
        fill(connection, globex, "globex")
    store_credential(
        wiring.unit_of_work(acme, actor="t"), wiring.vault, "shopify_uk", "ecommerce", SECRET
    )
    return acme


def rows_of(database_url: str, tenant_id: UUID) -> dict[str, list[Any]]:
    """Every row of every table as text, but for the sealed secrets."""
    with psycopg.connect(database_url) as connection:
        schema = schema_of(tenant_id)
        tables = count_rows(connection, schema)
        found = {}
        for table in tables:
            columns = sql.SQL("to_jsonb(t) - 'credentials_encrypted' - 'updated_at'")
            query = sql.SQL("SELECT {} FROM {} t ORDER BY 1").format(
                columns, sql.Identifier(schema, table)
            )
            found[table] = connection.execute(query).fetchall()
    return found


def test_a_backup_restored_under_a_new_id_equals_the_original_row_by_row(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    programs: ClientPrograms,
    tmp_path: Path,
) -> None:
    before = rows_of(database_url, filled)
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    restored = restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")
    assert restored.tenant_id != filled
    assert rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id) == 1
    assert rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id) == 0
    assert rows_of(database_url, restored.tenant_id) == before
    assert sum(len(rows) for rows in before.values()) == 19
    lifecycle = TenantLifecycle(wiring.admin, "t")
    assert lifecycle.show("acme-copy").status == "SUSPENDED"
    with tenant_transaction(wiring.database, restored.tenant_id) as connection:
        connection.execute("UPDATE products SET name = 'changed'")
    assert rows_of(database_url, filled) == before


def test_a_restored_credential_opens_in_its_new_place_only(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    programs: ClientPrograms,
    tmp_path: Path,
) -> None:
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    restored = restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")
    rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id)
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET subscription_status = 'ACTIVE'")
    for tenant_id in (filled, restored.tenant_id):
        with wiring.unit_of_work(tenant_id, actor="t")() as work:
            stored = work.credentials.get("shopify_uk")
        assert open_credential(wiring.vault, tenant_id, stored) == SECRET


def test_a_backup_of_a_purged_tenant_comes_back_as_itself(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    programs: ClientPrograms,
    tmp_path: Path,
) -> None:
    before = rows_of(database_url, filled)
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    lifecycle = TenantLifecycle(wiring.admin, "t")
    lifecycle.delete("acme")
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE public.tenants DISABLE TRIGGER tenants_deletion")
        connection.execute(
            "UPDATE public.tenants SET deleted_at = now() - interval '31 days' WHERE slug = 'acme'"
        )
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.purge("acme")
    restored = restore(database_url, programs, tmp_path / "acme.backup", None)
    assert (restored.tenant_id, restored.slug) == (filled, "acme")
    assert rows_of(database_url, filled) == before


def test_restoring_on_top_of_a_living_tenant_is_refused(
    filled: UUID, globex: UUID, database_url: str, programs: ClientPrograms, tmp_path: Path
) -> None:
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    before = rows_of(database_url, filled)
    for slug in (None, "globex"):
        with pytest.raises(InvalidInput, match="never overwrites"):
            restore(database_url, programs, tmp_path / "acme.backup", slug)
    assert rows_of(database_url, filled) == before


def test_a_restore_that_was_cut_off_before_its_secrets_were_bound_is_finished(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    programs: ClientPrograms,
    tmp_path: Path,
) -> None:
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    first = restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")
    again = restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")
    assert again == first
    TenantLifecycle(wiring.admin, "t").resume("acme-copy")
    with pytest.raises(InvalidInput, match="never overwrites"):
        restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")


def test_a_damaged_backup_leaves_nothing_half_made(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    programs: ClientPrograms,
    tmp_path: Path,
) -> None:
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    with tarfile.open(tmp_path / "acme.backup") as archive:
        archive.extractall(tmp_path, filter="data")
    dump = tmp_path / "schema.dump"
    dump.write_bytes(dump.read_bytes()[:-3000])
    with tarfile.open(tmp_path / "cut.backup", "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
        archive.add(dump, "schema.dump")
    with pytest.raises(ServiceError):
        restore(database_url, programs, tmp_path / "cut.backup", "acme-copy")
    assert [each.slug for each in TenantLifecycle(wiring.admin, "t").list()] == ["acme", "globex"]


def test_a_backup_of_a_newer_release_is_refused(
    filled: UUID, globex: UUID, database_url: str, programs: ClientPrograms, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE public.tenants SET schema_revision = 't9999' WHERE slug = 'acme'"
        )
    back_up(database_url, programs, "acme", tmp_path / "acme.backup")
    with pytest.raises(InvalidInput, match="at t9999, which this release does not know"):
        restore(database_url, programs, tmp_path / "acme.backup", "acme-copy")


@pytest.mark.parametrize("content", [b"", b"not a backup at all" * 100])
def test_a_file_that_is_no_backup_is_named(
    database_url: str, programs: ClientPrograms, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InvalidInput, match="it is not a backup of a tenant"):
        restore(database_url, programs, tmp_path / "x", "copy")
    with pytest.raises(InvalidInput, match="No such file"):
        restore(database_url, programs, tmp_path / "missing", "copy")


def test_rows_are_never_rewritten_by_a_new_schema_name() -> None:
    script = [
        b'CREATE TABLE "tenant_1".notes (t text);\n',
        b'COPY "tenant_1".notes (t) FROM stdin;\n',
        b"this speaks of tenant_1\n",
        b"\\.\n",
        b'ALTER TABLE ONLY "tenant_1".notes ADD PRIMARY KEY (t);\n',
    ]
    assert list(rename_schema(script, "tenant_1", "tenant_2")) == [
        b'CREATE TABLE "tenant_2".notes (t text);\n',
        b'COPY "tenant_2".notes (t) FROM stdin;\n',
        b"this speaks of tenant_1\n",
        b"\\.\n",
        b'ALTER TABLE ONLY "tenant_2".notes ADD PRIMARY KEY (t);\n',
    ]


@pytest.mark.parametrize("form", ExportFormat)
def test_an_export_holds_all_of_one_tenant_and_no_secret(
    wiring: Wiring, filled: UUID, globex: UUID, tmp_path: Path, form: ExportFormat
) -> None:
    folder = tmp_path / "export"
    export_tenant(wiring.database, filled, folder, form)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = {each["file"]: each for each in manifest["files"]}
    assert len(files) == 24
    everything = ""
    for name, described in files.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == described["sha256"]
        everything += content.decode()
    assert "globex" not in everything
    assert "clq1." not in everything
    assert files[f"tenant.products.{form}"]["rows"] == 1
    assert files[f"public.tenants.{form}"]["rows"] == 1


def test_an_exported_csv_reads_back_with_its_awkward_text(
    wiring: Wiring, filled: UUID, globex: UUID, tmp_path: Path
) -> None:
    export_tenant(wiring.database, filled, tmp_path / "export", ExportFormat.CSV)
    with (tmp_path / "export" / "tenant.products.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["sku"] == f"acme\t'\\N\n\\.\n{schema_of(filled)} ☕"


def test_an_export_never_overwrites(wiring: Wiring, filled: UUID, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is not empty"):
        export_tenant(wiring.database, filled, tmp_path / "export", ExportFormat.CSV)

"""Backups and exports of one tenant."""

import csv
import hashlib
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.domain.events import nothing_follows
from shared.errors import InvalidInput
from shared.persistence.archives.backup import back_up, columns_of
from shared.persistence.archives.export import ExportFormat, export_tenant
from shared.persistence.archives.restore import restore
from shared.persistence.archives.secrets import rebind_secrets
from shared.persistence.binding import schema_of
from shared.persistence.migrations.one_tenant import migrate_one
from shared.persistence.migrations.schema_versions import SchemaVersion
from shared.persistence.migrations.steps import load_steps, newest_revision
from shared.persistence.tables import public, tenant
from shared.persistence.tables.ownership import OF_OPERATORS, shared_tables_of_a_tenant
from shared.persistence.unit_of_work import tenant_transaction
from shared.security.vault import AesGcmVault, KeyRing
from shared.use_cases.ports.vault import Signer
from shared.use_cases.store_credential import open_credential, store_credential
from tests.fixtures.archives import members_of, pack, signed
from tests.isolation.conftest import fill
from workers.wiring import Wiring

SECRET = {"shop_domain": "acme.myshopify.com", "access_token": "shpat_1"}


@pytest.fixture
def signer(wiring: Wiring) -> Signer:
    return wiring.vault


@pytest.fixture
def filled(wiring: Wiring, database_url: str, acme: UUID, globex: UUID) -> UUID:
    """Acme with a row in every table, awkward text among them; globex with its own."""
    with psycopg.connect(database_url) as connection:
        fill(connection, acme, f"acme\t'\\N\n\\.\n{schema_of(acme)} ☕")
        fill(connection, globex, "globex")
    store_credential(
        wiring.unit_of_work(acme, actor="t", react=nothing_follows),
        wiring.vault,
        "shopify_uk",
        "ecommerce",
        SECRET,
    )
    return acme


def rows_of(database_url: str, tenant_id: UUID) -> dict[str, list[Any]]:
    """Every row of every table as text, but for the sealed secrets."""
    with psycopg.connect(database_url) as connection:
        schema = schema_of(tenant_id)
        tables = columns_of(connection, schema)
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
    signer: Signer,
    tmp_path: Path,
) -> None:
    before = rows_of(database_url, filled)
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    restored = restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")
    assert restored.tenant_id != filled
    assert rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id) == 1
    assert rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id) == 0
    assert rows_of(database_url, restored.tenant_id) == before
    assert sum(len(rows) for rows in before.values()) == 24
    lifecycle = wiring.lifecycle("t")
    assert lifecycle.show("acme-copy").status == "SUSPENDED"
    with tenant_transaction(wiring.database, restored.tenant_id) as connection:
        connection.execute("UPDATE products SET name = 'changed'")
    assert rows_of(database_url, filled) == before


def test_a_restored_credential_opens_in_its_new_place_only(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    signer: Signer,
    tmp_path: Path,
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    restored = restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")
    rebind_secrets(wiring.database, wiring.vault, filled, restored.tenant_id)
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET subscription_status = 'ACTIVE'")
    for tenant_id in (filled, restored.tenant_id):
        with wiring.unit_of_work(tenant_id, actor="t", react=nothing_follows)() as work:
            stored = work.credentials.get("shopify_uk")
        assert open_credential(wiring.vault, tenant_id, stored) == SECRET


def test_a_backup_of_a_purged_tenant_comes_back_as_itself(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    signer: Signer,
    tmp_path: Path,
) -> None:
    before = rows_of(database_url, filled)
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    lifecycle = wiring.lifecycle("t")
    lifecycle.delete("acme")
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE public.tenants DISABLE TRIGGER tenants_deletion")
        connection.execute(
            "UPDATE public.tenants SET deleted_at = now() - interval '31 days' WHERE slug = 'acme'"
        )
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.purge("acme")
    restored = restore(database_url, signer, tmp_path / "acme.backup", None)
    assert (restored.tenant_id, restored.slug) == (filled, "acme")
    assert rows_of(database_url, filled) == before


def test_restoring_on_top_of_a_living_tenant_is_refused(
    filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    before = rows_of(database_url, filled)
    for slug in (None, "globex"):
        with pytest.raises(InvalidInput, match="never overwrites"):
            restore(database_url, signer, tmp_path / "acme.backup", slug)
    assert rows_of(database_url, filled) == before


def test_a_restore_that_was_cut_off_before_its_secrets_were_bound_is_finished(
    wiring: Wiring,
    filled: UUID,
    globex: UUID,
    database_url: str,
    signer: Signer,
    tmp_path: Path,
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    first = restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")
    again = restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")
    assert again == first
    wiring.lifecycle("t").resume("acme-copy")
    with pytest.raises(InvalidInput, match="never overwrites"):
        restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")


def test_rows_that_were_changed_cut_off_or_added_leave_nothing_half_made(
    wiring: Wiring, filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    members = members_of(tmp_path / "acme.backup")
    name = max(
        (each for each in members if each.endswith(".rows")), key=lambda each: len(members[each])
    )
    rows = members[name]
    for changed in (rows[:-3], b"", rows + rows, rows.replace(b"4", b"5")):
        other = pack(tmp_path / "other.backup", *(members | {name: changed}).items())
        with pytest.raises(InvalidInput, match="nothing was changed"):
            restore(database_url, signer, other, "acme-copy")
    del members[name]
    with pytest.raises(InvalidInput, match="it is not a backup of a tenant"):
        restore(database_url, signer, pack(tmp_path / "less.backup", *members.items()), "acme-copy")
    assert [each.slug for each in wiring.lifecycle("t").list()] == ["acme", "globex"]


def test_a_backup_that_our_key_has_not_signed_is_refused(
    filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    members = members_of(tmp_path / "acme.backup")
    manifest = members["manifest.json"]
    stranger = AesGcmVault(KeyRing.parse(KeyRing.generate("k9")))
    namesake = AesGcmVault(KeyRing.parse(KeyRing.generate(signer.sign(b"", "x").partition(".")[0])))
    for change, line in (
        (
            {"manifest.json": manifest.replace(b"STARTER", b"ENTERPRISE")},
            "the signature is not of our key",
        ),
        (dict([signed(stranger, manifest)]), "signed with key 'k9', which is not on the key ring"),
        (dict([signed(namesake, manifest)]), "the signature is not of our key"),
        (
            {"manifest.sig": signer.sign(manifest, "another purpose").encode()},
            "the signature is not",
        ),
        ({"manifest.sig": b""}, "the signature is not of our key"),
    ):
        other = pack(tmp_path / "other.backup", *(members | change).items())
        with pytest.raises(InvalidInput, match=line):
            restore(database_url, signer, other, "acme-copy")


def test_a_table_of_a_backup_is_data_and_no_statement(
    wiring: Wiring, filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    """Even who holds the key cannot run SQL, or write anywhere but into the tenant's known tables."""
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    members = members_of(tmp_path / "acme.backup")
    manifest = json.loads(members["manifest.json"])
    crafted = b"x; COMMIT; DROP TABLE public.tenants\n"
    for name in (
        'products"; DROP TABLE public.tenants; --',
        "tenants",
        "pg_authid",
        "alembic_version",
    ):
        manifest["tables"].append(
            {
                "name": name, "file": f"{name}.rows", "columns": ["slug"], "rows": 1,
                "sha256": hashlib.sha256(crafted).hexdigest(),
            }
        )  # fmt: skip
        members[f"{name}.rows"] = crafted
    members["manifest.json"] = json.dumps(manifest).encode()
    members |= dict([signed(signer, members["manifest.json"])])
    restored = restore(
        database_url, signer, pack(tmp_path / "other.backup", *members.items()), "acme-copy"
    )
    assert restored.left_out == (
        'products"; DROP TABLE public.tenants; --', "tenants", "pg_authid", "alembic_version",
    )  # fmt: skip
    assert rows_of(database_url, restored.tenant_id) == rows_of(database_url, filled)


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    wiring: Wiring, filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    version = SchemaVersion(filled, "acme", schema_of(filled), newest_revision())
    with psycopg.connect(database_url, autocommit=True) as connection:
        migrate_one(connection, version, load_steps(), 2)
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    restored = restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")
    assert wiring.lifecycle("t").show("acme-copy").schema_revision == newest_revision()
    with psycopg.connect(database_url, autocommit=True) as connection:
        migrate_one(connection, replace(version, revision="t0002"), load_steps(), len(load_steps()))
    assert rows_of(database_url, restored.tenant_id) == rows_of(database_url, filled)


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        (b"[]", "manifest: "),
        (b"{", "it is not a backup of a tenant"),
        (b"[" * 100_000, "it is not a backup of a tenant"),
        (b'{"format": "capliquify-backup-1"}', "format: "),
        (b" " * 4_000_001, "it is not a backup of a tenant"),
        (b'{"format": "capliquify-backup-2", "made_at": 7}', "made_at: "),
    ],
)
def test_a_manifest_that_is_none_is_one_line(
    database_url: str, signer: Signer, tmp_path: Path, manifest: bytes, line: str
) -> None:
    file = pack(tmp_path / "x", ("manifest.json", manifest), signed(signer, manifest))
    with pytest.raises(InvalidInput, match=line) as caught:
        restore(database_url, signer, file, "copy")
    assert "\n" not in str(caught.value)


def test_a_tar_of_links_devices_or_twins_is_refused(
    database_url: str, signer: Signer, tmp_path: Path
) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
        with tarfile.open(tmp_path / "x", "w") as archive:
            info = tarfile.TarInfo("manifest.json")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        with pytest.raises(InvalidInput, match="it is not a backup of a tenant"):
            restore(database_url, signer, tmp_path / "x", "copy")
    twins = pack(tmp_path / "x", ("manifest.json", b"{}"), ("manifest.json", b"{}"))
    with pytest.raises(InvalidInput, match="it is not a backup of a tenant"):
        restore(database_url, signer, twins, "copy")


def test_a_backup_of_a_newer_release_is_refused(
    filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE public.tenants SET schema_revision = 't9999' WHERE slug = 'acme'"
        )
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    with pytest.raises(InvalidInput, match="at t9999, which this release does not know"):
        restore(database_url, signer, tmp_path / "acme.backup", "acme-copy")


def test_a_backup_overwrites_nothing(
    filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    """A file, a folder, a link to a device: as root the device itself would be replaced."""
    kept = tmp_path / "kept.backup"
    kept.write_text("of yesterday", encoding="utf-8")
    (tmp_path / "link").symlink_to("/dev/null")
    for target in (kept, tmp_path, tmp_path / "link"):
        with pytest.raises(InvalidInput, match="exists; a backup overwrites nothing"):
            back_up(database_url, signer, "acme", target)
    assert kept.read_text(encoding="utf-8") == "of yesterday"
    assert (tmp_path / "link").is_symlink()


def test_a_backup_that_is_cut_off_says_so_wherever_that_is(
    wiring: Wiring, filled: UUID, globex: UUID, database_url: str, signer: Signer, tmp_path: Path
) -> None:
    back_up(database_url, signer, "acme", tmp_path / "acme.backup")
    whole = (tmp_path / "acme.backup").read_bytes()
    with tarfile.open(tmp_path / "acme.backup") as archive:
        # Where a member begins a cut leaves a tar that only lacks its end.
        boundaries = [member.offset for member in archive.getmembers()[1:]]
    last = len(whole.rstrip(b"\0"))
    for length in (100, 512, 600, 1023, *boundaries, len(whole) // 2, last - 1, last):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(InvalidInput, match="the backup is cut off, its end is missing"):
            restore(database_url, signer, tmp_path / "cut", "acme-copy")
    assert [each.slug for each in wiring.lifecycle("t").list()] == ["acme", "globex"]


@pytest.mark.parametrize("content", [b"", b"not a backup at all" * 100])
def test_a_file_that_is_no_backup_is_named(
    database_url: str, signer: Signer, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InvalidInput, match="it is not a backup of a tenant"):
        restore(database_url, signer, tmp_path / "x", "copy")
    with pytest.raises(InvalidInput, match="No such file"):
        restore(database_url, signer, tmp_path / "missing", "copy")


@pytest.mark.parametrize("form", ExportFormat)
def test_an_export_holds_all_of_one_tenant_and_no_secret(
    wiring: Wiring, filled: UUID, globex: UUID, tmp_path: Path, form: ExportFormat
) -> None:
    folder = tmp_path / "export"
    export_tenant(wiring.database, filled, folder, form)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = {each["file"]: each for each in manifest["files"]}
    assert len(files) == 30
    everything = ""
    for name, described in files.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == described["sha256"]
        everything += content.decode()
    assert "globex" not in everything
    assert "clq1." not in everything
    assert files[f"tenant.products.{form}"]["rows"] == 1
    assert files[f"public.tenants.{form}"]["rows"] == 1


def test_an_export_takes_its_tables_from_the_model_and_what_else_the_schema_has(
    wiring: Wiring, database_url: str, filled: UUID, globex: UUID, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        place = sql.Identifier(schema_of(filled), "adopted_notes")
        connection.execute(sql.SQL("CREATE TABLE {} AS SELECT 'kept' AS note").format(place))
        connection.execute(
            sql.SQL("GRANT SELECT ON {} TO {}").format(place, sql.Identifier(schema_of(filled)))
        )
    manifest = export_tenant(wiring.database, filled, tmp_path / "export", ExportFormat.CSV)
    assert {each["file"] for each in manifest["files"]} == {
        *(f"tenant.{table.name}.csv" for table in tenant.METADATA.sorted_tables),
        "tenant.adopted_notes.csv",
        *(f"public.{name}.csv" for name in shared_tables_of_a_tenant()),
    }
    assert manifest["left_out"] == [
        "access_token_encrypted", "credentials_encrypted", "refresh_token_encrypted"
    ]  # fmt: skip


def test_every_public_table_with_a_tenant_is_the_tenants_or_the_operators() -> None:
    assert sorted(shared_tables_of_a_tenant()) == [
        "audit_logs", "jobs", "subscriptions", "tenants", "usage_metrics", "users"
    ]  # fmt: skip
    with_a_tenant = {
        table.name for table in public.METADATA.sorted_tables if "tenant_id" in table.columns
    }
    assert with_a_tenant - set(shared_tables_of_a_tenant()) == OF_OPERATORS


def test_a_backup_holds_every_column_of_the_model_that_is_not_computed(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url) as connection:
        for tenant_id in (acme, globex):
            assert {
                name: sorted(columns)
                for name, columns in columns_of(connection, schema_of(tenant_id)).items()
            } == {
                table.name: sorted(each.name for each in table.columns if each.computed is None)
                for table in tenant.METADATA.sorted_tables
            }


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


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\rx", "＝1"]


def test_a_spreadsheet_runs_nothing_of_an_export_and_raw_is_to_the_letter(
    wiring: Wiring, acme: UUID, globex: UUID, tmp_path: Path
) -> None:
    with tenant_transaction(wiring.database, acme) as connection:
        connection.cursor().executemany(
            "INSERT INTO products (company_id, sku, name) SELECT id, %s, 'a=1' FROM companies",
            [(each,) for each in FORMULAS],
        )
    for raw, before in ((False, "'"), (True, "")):
        folder = tmp_path / f"export-{raw}"
        export_tenant(wiring.database, acme, folder, ExportFormat.CSV, raw=raw)
        with (folder / "tenant.products.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert sorted(row["sku"] for row in rows) == sorted(before + each for each in FORMULAS)
        assert {row["name"] for row in rows} == {"a=1"}


def test_an_export_is_for_its_owners_eyes(
    wiring: Wiring, acme: UUID, globex: UUID, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "export").mkdir(mode=0o777)
    export_tenant(wiring.database, acme, tmp_path / "export", ExportFormat.JSON)
    modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "export").iterdir()}
    assert modes == {"0o600"}

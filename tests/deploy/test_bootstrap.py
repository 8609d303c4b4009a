"""What bootstrap makes at a server, and makes again."""

from datetime import timedelta

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import VariableUpdate

from deploy import automations, bootstrap
from tests.plugins.webhook import SECRET


def test_bootstrap_run_again_changes_nothing_and_tells_no_address(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    said = []
    bootstrap.make_variables(client)
    client.update_variable(VariableUpdate(name="evergreen_home", value="homes/main"))
    for url in ("", f"http://127.0.0.1/{SECRET}", f"http://127.0.0.1/{SECRET}", ""):
        monkeypatch.setenv(bootstrap.NOTIFY, url)
        bootstrap.main()
        automation = {a.name: a.model_dump_json() for a in client.read_automations()}
        said.append((capsys.readouterr().out.splitlines()[-1].split(":")[1].split()[0], automation))
    words, states = zip(*said, strict=True)
    assert words == ("none;", "to", "to", "as")
    assert [len(state) for state in states] == [1, 3, 3, 3]
    assert states[1] == states[2] == states[3]
    variables = {variable.name: variable.value for variable in client.read_variables()}
    assert variables == bootstrap.VARIABLES | {"evergreen_home": "homes/main"}
    (block,) = [b for b in client.read_block_documents(include_secrets=False) if b.name == "evergreen-notify"]
    assert SECRET not in block.model_dump_json() + str(states) + capsys.readouterr().out


def test_an_automation_that_was_changed_is_brought_up_to_date_and_stays_paused(
    client: SyncPrefectClient,
) -> None:
    automations.end_silent_runs(client, timedelta(seconds=40))
    (made,) = client.read_automations()
    client.pause_automation(made.id)
    automations.end_silent_runs(client)
    (again,) = client.read_automations()
    assert (again.id, again.trigger.within, again.enabled) == (made.id, automations.SILENCE, False)


def test_an_address_that_is_none_is_one_line(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    monkeypatch.setenv(bootstrap.NOTIFY, f"hooks.example/{SECRET}")
    with pytest.raises(SystemExit) as ended:
        bootstrap.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error == "bootstrap: EVERGREEN_NOTIFY_URL is no http:// or https:// address\n"

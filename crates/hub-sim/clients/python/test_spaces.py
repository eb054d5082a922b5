"""What the official Python client (`huggingface_hub`) does with Spaces, held against the simulated Hub."""

import threading
import time
from datetime import datetime, timezone

import pytest
from conftest import client
from huggingface_hub import SpaceHardware, SpaceStage, Volume
from huggingface_hub.errors import (
    BadRequestError,
    DisabledRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

LIVE = {"RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING"}


# Who am I


def test_whoami_names_the_user_the_organisations_and_the_token(api):
    me = api.whoami()
    assert (me["type"], me["name"], me["isPro"]) == ("user", "alice", True)
    assert [(org["name"], org["roleInOrg"]) for org in me["orgs"]] == [("acme", "admin")]
    assert me["auth"]["accessToken"]["role"] == "write"


def test_whoami_of_a_fine_grained_token_lists_its_scopes(sim):
    token = client(sim, "hf_alice_fine").whoami()["auth"]["accessToken"]
    assert token["role"] == "fineGrained"
    entities = [(scope["entity"]["type"], scope["entity"]["name"]) for scope in token["fineGrained"]["scoped"]]
    assert entities == [("user", "alice"), ("space", "alice/demo")]


def test_whoami_of_an_oauth_token_knows_no_access_token(sim):
    auth = client(sim, "hf_oauth_alice").whoami()["auth"]
    assert auth["type"] == "oauth" and "accessToken" not in auth


@pytest.mark.parametrize("token", ["hf_alice_expired", "hf_nobody_knows"])
def test_a_bad_token_is_refused(sim, token):
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, token).whoami()
    assert refused.value.response.status_code == 401


def test_an_organisation_that_keeps_a_token_out_says_so(sim):
    orgs = client(sim, "hf_alice_revoked").whoami()["orgs"]
    assert orgs[0]["securityRestrictions"] == ["token-revoked"]
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, "hf_alice_revoked").space_info("acme/hidden")
    assert "revoked by the organization administrator" in str(refused.value)


# Lists


def test_a_list_with_expand_has_the_fields_that_were_asked_for(api):
    spaces = {space.id: space for space in api.list_spaces(author="alice", expand=["runtime", "sha", "private"])}
    demo = spaces["alice/demo"]
    assert demo.runtime.stage == "RUNNING" and len(demo.sha) == 40 and demo.private is False
    assert demo.likes is None, "nobody asked for likes"
    assert spaces["alice/empty"].runtime is None
    assert spaces["alice/secret-lab"].private is True


def test_a_list_follows_its_links_over_pages(sim, api):
    before = sim.stats()["requests"].get("list", 0)
    ids = [space.id for space in api.list_spaces(author="alice", expand=["sha"])]
    assert len(ids) == len(set(ids)) == 12
    assert sim.stats()["requests"]["list"] - before == 3, "three pages of four"


def test_a_full_list_carries_the_card(api):
    demo = next(space for space in api.list_spaces(author="alice", full=True) if space.id == "alice/demo")
    assert demo.card_data.title == "A demo" and demo.card_data.emoji == "👋"


def test_strangers_do_not_see_private_spaces_in_a_list(sim):
    ids = {space.id for space in client(sim, False).list_spaces(author="alice")}
    assert "alice/demo" in ids and "alice/secret-lab" not in ids


def test_an_unknown_expand_is_a_bad_request(api):
    with pytest.raises(BadRequestError):
        list(api.list_spaces(expand=["host"]))


def test_a_list_is_filtered_and_sorted(api):
    by_date = [space.last_modified for space in api.list_spaces(author="alice", sort="last_modified", full=True)]
    assert by_date == sorted(by_date, reverse=True)
    assert {space.id for space in api.list_spaces(search="ASLEEP")} == {"alice/asleep"}
    assert "alice/gradio" in {space.id for space in api.list_spaces(author="alice", filter="gradio")}


def test_a_search_finds_by_words(api):
    hits = list(api.search_spaces("demo"))
    assert hits[0].id == "alice/demo" and hits[0].runtime.stage in LIVE


# One Space


def test_space_info_describes_a_space(api):
    info = api.space_info("alice/demo")
    assert (info.id, info.author, info.sdk, info.subdomain) == ("alice/demo", "alice", "docker", "alice-demo")
    assert info.host == "https://alice-demo.hf.space"
    assert info.created_at < info.last_modified < datetime.now(timezone.utc)
    assert "README.md" in [file.rfilename for file in info.siblings]
    assert api.space_info("alice/demo", revision=info.sha).id == "alice/demo"


def test_a_missing_revision_has_its_own_error(api):
    with pytest.raises(RevisionNotFoundError):
        api.space_info("alice/demo", revision="no-such-branch")


def test_a_private_space_is_not_found_by_others(sim):
    with pytest.raises(RepositoryNotFoundError) as refused:
        client(sim, "hf_bob_write").space_info("alice/secret-lab")
    assert refused.value.response.status_code == 404


def test_a_private_space_asks_strangers_to_sign_in(sim):
    # Over https the client turns this very 401 into "not found".
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, False).space_info("alice/secret-lab")
    assert refused.value.response.status_code == 401
    assert refused.value.server_message == "Invalid username or password."


def test_a_disabled_space_says_so(api):
    with pytest.raises(DisabledRepoError):
        api.space_info("alice/disabled")


def test_a_name_in_the_wrong_case_leads_to_the_space(api):
    assert api.space_info("Alice/DEMO").id == "alice/demo"


def test_the_runtime_of_a_running_space(api):
    runtime = api.get_space_runtime("alice/gradio")
    assert runtime.stage == SpaceStage.RUNNING
    assert runtime.hardware == runtime.requested_hardware == SpaceHardware.T4_SMALL
    assert runtime.sleep_time is None and runtime.dev_mode is False


def test_the_runtime_of_a_static_space_has_no_hardware(api):
    runtime = api.get_space_runtime("alice/site")
    assert runtime.stage == "RUNNING" and runtime.hardware is None and runtime.requested_hardware is None


def test_whether_a_token_may_write_is_told_without_writing(sim, api):
    api.auth_check("alice/demo", repo_type="space", write=True)
    reader = client(sim, "hf_alice_read")
    reader.auth_check("alice/demo", repo_type="space")
    with pytest.raises(HfHubHTTPError):
        reader.auth_check("alice/demo", repo_type="space", write=True)
    client(sim, "hf_alice_fine").auth_check("alice/demo", repo_type="space", write=True)
    with pytest.raises(HfHubHTTPError):
        client(sim, "hf_alice_fine").auth_check("alice/gradio", repo_type="space", write=True)


# Actions


def test_a_restart_of_a_paused_space_builds_starts_and_runs(api):
    assert api.pause_space("alice/paused").stage == SpaceStage.PAUSED
    runtime = api.restart_space("alice/paused")
    assert (runtime.stage, runtime.hardware) == ("BUILDING", None)
    assert api.wait_for_space("alice/paused", timeout=20, poll_interval=0.1).stage == "RUNNING"


def test_a_factory_reboot_of_a_running_space_keeps_serving(api):
    before = api.get_space_runtime("alice/two").raw["sha"]
    runtime = api.restart_space("alice/two", factory_reboot=True)
    assert runtime.stage == SpaceStage.RUNNING_BUILDING and runtime.raw["sha"] == before
    assert api.wait_for_space("alice/two", timeout=20, poll_interval=0.1).stage == "RUNNING"


def test_waiting_gives_up_in_time(sim, api):
    sim.post("/_sim/spaces/alice/asleep/stage", stage="BUILDING")
    with pytest.raises(TimeoutError):
        api.wait_for_space("alice/asleep", timeout=0.3, poll_interval=0.1)
    sim.post("/_sim/spaces/alice/asleep/sleep")
    assert api.wait_for_space("alice/asleep", timeout=5).stage == "SLEEPING"


def test_waiting_ends_with_a_failed_build(api):
    api.restart_space("alice/unbuildable")
    assert api.wait_for_space("alice/unbuildable", timeout=20, poll_interval=0.1).stage == SpaceStage.BUILD_ERROR


def test_actions_on_a_static_space_are_bad_requests(api):
    with pytest.raises(BadRequestError):
        api.restart_space("alice/site")
    with pytest.raises(BadRequestError):
        api.pause_space("alice/site")


def test_a_stranger_may_not_pause(sim):
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, "hf_bob_write").pause_space("alice/demo")
    assert refused.value.response.status_code == 403


def test_an_oauth_token_pauses_but_does_not_restart(sim):
    oauth = client(sim, "hf_oauth_alice")
    assert oauth.pause_space("alice/broken").stage == "PAUSED"
    with pytest.raises(HfHubHTTPError) as refused:
        oauth.restart_space("alice/broken")
    assert refused.value.response.status_code == 401


def test_a_restart_without_a_free_slot_is_refused(api):
    with pytest.raises(HfHubHTTPError) as refused:
        api.restart_space("acme/second")
    assert refused.value.response.status_code == 403
    assert "cpu-basic quota limit" in str(refused.value)


def test_a_flagged_space_does_not_come_back(api):
    with pytest.raises(HfHubHTTPError) as refused:
        api.restart_space("alice/flagged")
    assert refused.value.response.status_code == 503


def test_sleep_time_is_set_and_unset(api):
    assert api.set_space_sleep_time("alice/gradio", 3600).sleep_time == 3600
    assert api.set_space_sleep_time("alice/gradio", -1).sleep_time is None


def test_free_hardware_keeps_its_sleep_time(api):
    with pytest.warns(UserWarning):
        assert api.set_space_sleep_time("alice/paused", 60).sleep_time == 172800


def test_hardware_is_requested_and_arrives(api):
    runtime = api.request_space_hardware("alice/demo", SpaceHardware.T4_MEDIUM, sleep_time=600)
    assert (runtime.hardware, runtime.requested_hardware) == ("cpu-basic", "t4-medium")
    runtime = api.wait_for_space("alice/demo", timeout=20, poll_interval=0.1)
    assert (runtime.stage, runtime.hardware, runtime.sleep_time) == ("RUNNING", "t4-medium", 600)


def test_hardware_needs_a_payment_method(sim):
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, "hf_bob_write").request_space_hardware("bob/thing", SpaceHardware.A10G_SMALL)
    assert "payment method" in str(refused.value)


def test_the_hardware_on_offer_has_prices(api):
    offer = {hardware.name: hardware for hardware in api.list_spaces_hardware()}
    assert offer["cpu-basic"].unit_cost_usd == 0 and offer["cpu-basic"].accelerator is None
    assert offer["t4-small"].accelerator.model == "T4" and offer["t4-small"].unit_cost_micro_usd == 6667


def test_dev_mode_is_switched_on_and_off(api):
    assert api.enable_space_dev_mode("alice/gradio").dev_mode is True
    assert api.disable_space_dev_mode("alice/gradio").dev_mode is False


def test_templates_are_listed(api):
    assert "JupyterLab" in [template.name for template in api.list_space_templates()]


def test_volumes_are_set_and_deleted(api):
    api.set_space_volumes("alice/gradio", [Volume(type="dataset", source="alice/data", mount_path="/data")])
    assert api.get_space_runtime("alice/gradio").volumes[0].mount_path == "/data"
    api.delete_space_volumes("alice/gradio")
    assert not api.get_space_runtime("alice/gradio").volumes


# Secrets and variables


def test_secrets_are_set_listed_without_values_and_deleted(api):
    api.add_space_secret("alice/demo", "TOKEN", "s3cret", description="for the API")
    secrets = api.get_space_secrets("alice/demo")
    assert secrets["TOKEN"].description == "for the API" and secrets["TOKEN"].updated_at is not None
    assert not hasattr(secrets["TOKEN"], "value")
    api.delete_space_secret("alice/demo", "TOKEN")
    api.delete_space_secret("alice/demo", "TOKEN")
    assert set(api.get_space_secrets("alice/demo")) == {"API_KEY"}


def test_variables_are_set_changed_and_deleted(api):
    api.add_space_variable("alice/demo", "foo", "123", description="a number")
    variables = api.add_space_variable("alice/demo", "foo", "456")
    assert (variables["foo"].value, variables["foo"].description) == ("456", "a number")
    assert api.get_space_variables("alice/demo")["MODEL_REPO_ID"].value == "alice/model"
    assert "foo" not in api.delete_space_variable("alice/demo", "foo")


def test_a_bad_key_is_refused(api):
    with pytest.raises(BadRequestError):
        api.add_space_variable("alice/demo", "1-bad", "x")


# Logs


def test_logs_are_printed_and_stop(api):
    lines = list(api.fetch_space_logs("alice/paused"))
    assert lines[0].startswith("===== Application Startup at ") and all(line.endswith("\n") for line in lines)


def test_build_logs_begin_with_the_commit(api):
    lines = list(api.fetch_space_logs("alice/unbuildable", build=True))
    assert lines[0].startswith("===== Build Queued at ") and "Commit SHA" in lines[0]
    assert any("ERROR" in line for line in lines)


def test_logs_are_followed(sim, api):
    lines = iter(api.fetch_space_logs("alice/demo", follow=True))
    timer = threading.Timer(1.0, lambda: sim.post("/_sim/spaces/alice/demo/log", line="fresh: naïve 🦊"))
    timer.start()
    assert any(line == "fresh: naïve 🦊\n" for line in lines)


def test_following_survives_a_broken_stream_without_repeating(sim, api):
    marks = [f"mark {number}\n" for number in range(3)]
    seen = []
    lines = iter(api.fetch_space_logs("alice/demo", follow=True))
    sim.post("/_sim/spaces/alice/demo/log", line="mark 0")
    for line in lines:
        if line.startswith("mark"):
            seen.append(line)
            if len(seen) == 3:
                break
            sim.post("/_sim/streams/cut")
            sim.post("/_sim/spaces/alice/demo/log", line=f"mark {len(seen)}")
    assert seen == marks


def test_a_reader_may_not_read_logs(sim):
    with pytest.raises(HfHubHTTPError) as refused:
        list(client(sim, "hf_bob_write").fetch_space_logs("alice/demo"))
    assert refused.value.response.status_code == 403


# Repositories


def test_a_space_is_created_renamed_and_deleted(api):
    url = api.create_repo("alice/fresh", repo_type="space", space_sdk="static", private=True)
    assert url.repo_id == "alice/fresh"
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo("alice/fresh", repo_type="space", space_sdk="static")
    assert refused.value.response.status_code == 409
    api.create_repo("alice/fresh", repo_type="space", space_sdk="static", exist_ok=True)
    api.move_repo("alice/fresh", "alice/fresher", repo_type="space")
    assert api.space_info("alice/fresh").id == "alice/fresher", "the old name leads to the new one"
    api.update_repo_settings("alice/fresher", repo_type="space", private=False)
    assert api.space_info("alice/fresher").private is False
    api.delete_repo("alice/fresher", repo_type="space")
    assert not api.repo_exists("alice/fresher", repo_type="space")


def test_a_space_is_duplicated(api):
    copy = api.duplicate_repo(
        "bob/thing", "alice/copy", repo_type="space", private=True, space_hardware="cpu-upgrade"
    )
    assert copy.repo_id == "alice/copy"
    assert api.wait_for_space("alice/copy", timeout=20, poll_interval=0.1).stage == "RUNNING"
    api.delete_repo("alice/copy", repo_type="space")


# Trouble


def test_a_list_waits_when_the_window_is_used_up(sim, api):
    sim.post("/_sim/faults", fault="rate_limited", remaining=0, retry_after=1, on=["list"], times=1)
    began = time.monotonic()
    assert len(list(api.list_spaces(author="alice"))) == 12
    assert time.monotonic() - began >= 2, "as long as the header said, and a second"


def test_a_list_waits_as_retry_after_says_when_the_window_is_not_used_up(sim, api):
    sim.post("/_sim/faults", fault="rate_limited", remaining=17, retry_after=1, on=["list"], times=1)
    assert len(list(api.list_spaces(author="alice"))) == 12


def test_a_real_window_is_used_up_and_comes_back(new_sim):
    sim = new_sim("--window", "3")
    api = client(sim, "hf_tight_write")
    for _ in range(3):
        api.get_space_runtime("bob/thing")
    with pytest.raises(HfHubHTTPError) as refused:
        api.get_space_runtime("bob/thing")
    assert refused.value.response.status_code == 429
    assert "you have reached your 'api' rate limit" in str(refused.value)
    assert len(list(api.list_spaces(author="bob"))) == 8, "the client waits for the next window"


def test_bad_gateways_are_retried(sim, api):
    sim.post("/_sim/faults", fault="html", status=502, on=["list"], times=1)
    assert len(list(api.list_spaces(author="alice"))) == 12


def test_a_broken_off_answer_is_retried(sim, api):
    sim.post("/_sim/faults", fault="reset_mid_body", on=["list"], times=1)
    assert len(list(api.list_spaces(author="alice"))) == 12


def test_an_unknown_stage_is_passed_on(sim, api):
    sim.post("/_sim/faults", fault="set_field", field="runtime.stage", value="FUTURE_STAGE", on=["runtime"])
    assert api.get_space_runtime("alice/two").stage == "FUTURE_STAGE"


def test_the_request_id_carries_the_clients_own(sim):
    with pytest.raises(HfHubHTTPError) as refused:
        client(sim, "hf_alice_write").space_info("alice/no-such-space")
    server, trace = refused.value.response.headers["x-request-id"].split(";")
    assert server.startswith("Root=1-") and trace == refused.value.response.request.headers["x-amzn-trace-id"]

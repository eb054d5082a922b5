// What the official JavaScript client (`@huggingface/hub`) does with Spaces, held against the simulated Hub.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import {
  checkRepoAccess,
  countCommits,
  createRepo,
  deleteRepo,
  listCommits,
  listFiles,
  listSpaces,
  repoExists,
  spaceInfo,
  whoAmI,
} from "@huggingface/hub";
import { all, startSim } from "./sim.js";

const accessToken = "hf_alice_write";
let sim;
let hubUrl;

before(async () => {
  sim = await startSim("--world", "conformance", "--step-ms", "400", "--page-limit", "5");
  hubUrl = sim.hubUrl;
});
after(() => sim.stop());
afterEach(() => sim.clearFaults());

const refusal = (statusCode, message) => (error) => {
  assert.equal(error.statusCode, statusCode);
  assert.match(error.message, message);
  return true;
};

test("whoAmI names the user, the organisations and the token", async () => {
  const me = await whoAmI({ hubUrl, accessToken });
  assert.equal(me.name, "alice");
  assert.equal(me.isPro, true);
  assert.deepEqual(me.orgs.map((org) => org.name), ["acme"]);
  assert.equal(me.auth.accessToken.role, "write");
  assert.ok(me.auth.accessToken.createdAt instanceof Date);
});

test("whoAmI of an OAuth token says when it ends", async () => {
  const { auth } = await whoAmI({ hubUrl, accessToken: "hf_oauth_alice" });
  assert.equal(auth.type, "oauth");
  assert.ok(new Date(auth.expiresAt) > new Date());
});

test("a bad token is refused", async () => {
  await assert.rejects(whoAmI({ hubUrl, accessToken: "hf_nobody" }), refusal(401, /Invalid credentials/));
});

test("listSpaces follows its links over pages", async () => {
  const before = (await sim.stats()).requests.list ?? 0;
  const spaces = await all(listSpaces({ hubUrl, accessToken, search: { owner: "alice" } }));
  assert.equal(new Set(spaces.map((space) => space.name)).size, 12);
  assert.equal((await sim.stats()).requests.list - before, 3, "three pages of at most five");
});

test("listSpaces gives the additional fields", async () => {
  const spaces = await all(
    listSpaces({
      hubUrl,
      accessToken,
      search: { owner: "alice" },
      additionalFields: ["runtime", "subdomain", "sha", "cardData", "tags", "author"],
    }),
  );
  const demo = spaces.find((space) => space.name === "alice/demo");
  assert.match(demo.runtime.stage, /^RUNNING/);
  assert.equal(demo.subdomain, "alice-demo");
  assert.equal(demo.cardData.title, "A demo");
  assert.equal(demo.sdk, "docker");
  assert.ok(demo.updatedAt instanceof Date && !Number.isNaN(demo.updatedAt.getTime()));
  assert.equal(spaces.find((space) => space.name === "alice/secret-lab").private, true);
  assert.equal(spaces.find((space) => space.name === "alice/empty").runtime, undefined);
});

test("listSpaces without a token shows no private Spaces", async () => {
  const names = (await all(listSpaces({ hubUrl, search: { owner: "alice" } }))).map((space) => space.name);
  assert.ok(names.includes("alice/demo"));
  assert.ok(!names.includes("alice/secret-lab"));
});

test("listSpaces searches and filters by tag", async () => {
  const found = await all(listSpaces({ hubUrl, accessToken, search: { query: "gradio", tags: ["gradio"] } }));
  assert.deepEqual(found.map((space) => space.name), ["alice/gradio"]);
});

test("spaceInfo describes a Space", async () => {
  const info = await spaceInfo({ hubUrl, name: "alice/gradio", additionalFields: ["runtime", "author"] });
  assert.equal(info.author, "alice");
  assert.equal(info.sdk, "gradio");
  assert.deepEqual(info.runtime.hardware, { current: "t4-small", requested: "t4-small" });
});

test("spaceInfo follows a Space to its new name", async () => {
  await sim.happen("bob/page-0", "rename", { to: "bob/page-zero" });
  assert.equal((await spaceInfo({ hubUrl, name: "bob/page-0" })).name, "bob/page-zero");
});

test("spaceInfo of a private Space: 401 for strangers, 404 for other users", async () => {
  await assert.rejects(spaceInfo({ hubUrl, name: "alice/secret-lab" }), refusal(401, /Invalid username or password/));
  const other = spaceInfo({ hubUrl, name: "alice/secret-lab", accessToken: "hf_bob_write" });
  await assert.rejects(other, refusal(404, /Repository not found/));
});

test("an error carries the request id", async () => {
  await assert.rejects(spaceInfo({ hubUrl, accessToken, name: "alice/none" }), (error) => {
    assert.match(error.requestId, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    return true;
  });
});

test("a page of the Hub's front is an error with its status", async () => {
  await sim.fault({ fault: "html", status: 503, on: ["space"], times: 1 });
  await assert.rejects(spaceInfo({ hubUrl, name: "alice/demo" }), refusal(503, /status 503/));
});

test("429 is an error with the Hub's text", async () => {
  await sim.fault({ fault: "rate_limited", remaining: 0, on: ["space"], times: 1 });
  await assert.rejects(spaceInfo({ hubUrl, name: "alice/demo" }), refusal(429, /rate limit/));
});

test("repoExists and checkRepoAccess know who may look", async () => {
  const repo = { type: "space", name: "alice/secret-lab" };
  assert.equal(await repoExists({ hubUrl, accessToken, repo }), true);
  assert.equal(await repoExists({ hubUrl, repo }), false);
  await checkRepoAccess({ hubUrl, accessToken, repo });
  await assert.rejects(checkRepoAccess({ hubUrl, repo }), refusal(401, /Invalid username/));
});

test("commits and files are listed", async () => {
  const repo = { type: "space", name: "alice/demo" };
  const commits = await all(listCommits({ hubUrl, repo }));
  assert.equal(commits.at(-1).title, "initial commit");
  assert.equal(await countCommits({ hubUrl, repo }), commits.length);
  const files = await all(listFiles({ hubUrl, repo }));
  assert.ok(files.some((file) => file.path === "README.md"));
});

test("a Space is created and deleted", async () => {
  const repo = { type: "space", name: "alice/made-by-js" };
  const made = await createRepo({ hubUrl, accessToken, repo, sdk: "static", visibility: "private" });
  assert.match(made.id, /^[0-9a-f]{24}$/);
  await assert.rejects(createRepo({ hubUrl, accessToken, repo, sdk: "static" }), refusal(409, /already created/));
  await deleteRepo({ hubUrl, accessToken, repo });
  assert.equal(await repoExists({ hubUrl, accessToken, repo }), false);
});

test("a free account pays before it gets a container", async () => {
  const repo = { type: "space", name: "bob/container" };
  await assert.rejects(createRepo({ hubUrl, accessToken: "hf_bob_write", repo, sdk: "docker" }), refusal(402, /PRO/));
});

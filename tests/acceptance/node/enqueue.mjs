// What a web application does with jobs: asks in a transaction of its own, watches, reads the result.
//
//   DATABASE_API_URL=... node enqueue.mjs TENANT_ID FOREIGN_TENANT_ID
//
// Prints one line of JSON a step.

import pg from "pg";

const [tenantId, foreignId] = process.argv.slice(2);
const TASK = "working_capital.roll_up";
const RANGE = { first: "2025-03-03", last: "2025-03-09", as_of: "2025-03-09" };
const ENDED = ["succeeded", "failed", "cancelled", "dead"];
const PATIENCE_MS = 60_000;

const connect = async () => {
  const client = new pg.Client({ connectionString: process.env.DATABASE_API_URL });
  await client.connect();
  return client;
};

const say = (step, what) => console.log(JSON.stringify({ step, ...what }));

/** Runs `work` in a transaction under our tenant's setting and ends it with the `ending` given. */
async function inTransaction(client, ending, work) {
  await client.query("BEGIN");
  try {
    await client.query("SELECT set_config('app.current_tenant_id', $1, true)", [tenantId]);
    const answer = await work();
    await client.query(ending);
    return answer;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

async function enqueue(client, forWhom) {
  const { rows } = await client.query(
    "SELECT public.enqueue_job($1, $2, $3::jsonb, p_requested_by => 'node') AS id",
    [forWhom, TASK, JSON.stringify(RANGE)],
  );
  return rows[0].id;
}

async function readStatus(client, id) {
  return inTransaction(client, "COMMIT", async () => {
    const { rows } = await client.query(
      "SELECT state, result, progress_message FROM public.job_status WHERE id = $1",
      [id],
    );
    return rows;
  });
}

/** Collects notifications of jobs from now on; `until` gives those of one job once it has ended. */
async function listen(client) {
  const heard = [];
  let wake = () => {};
  client.on("notification", ({ payload }) => {
    heard.push(JSON.parse(payload));
    wake();
  });
  await client.query("LISTEN capliquify_jobs");
  return async (id) => {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const ours = heard.filter((each) => each.id === id);
      if (ours.some((each) => ENDED.includes(each.state)) || Date.now() > deadline) return ours;
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, 1_000);
      });
    }
  };
}

const distinct = (values) => [...new Set(values)];

const client = await connect();
const listener = await connect();
try {
  const until = await listen(listener);

  const undone = await inTransaction(client, "ROLLBACK", () => enqueue(client, tenantId));
  say("rolled back", { rows: (await readStatus(client, undone)).length });

  const id = await inTransaction(client, "COMMIT", () => enqueue(client, tenantId));
  say("committed", { id });

  const heard = await until(id);
  const progress = heard.filter((each) => each.done !== null);
  say("ended", {
    states: distinct(heard.map((each) => each.state)),
    progress: distinct(progress.map((each) => `${each.done}/${each.total}`)),
  });

  const [{ state, result, progress_message: message }] = await readStatus(client, id);
  say("result", { state, message, result });

  await inTransaction(client, "COMMIT", () => enqueue(client, foreignId)).then(
    (taken) => say("taken", { id: taken }),
    (error) => say("refused", { code: error.code, message: error.message }),
  );
} finally {
  await Promise.all([client.end(), listener.end()]);
}

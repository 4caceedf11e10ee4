const appServer = process.env.APP_SERVER ?? "http://127.0.0.1:8787";

// Your session says here who asks. Or this calls AssumeRole itself, as ../../../../node-appserver does.
export async function POST() {
  const answer = await fetch(`${appServer}/api/sts`, { method: "POST", cache: "no-store" });
  return new Response(answer.body, { status: answer.status, headers: { "cache-control": "no-store" } });
}

// The site's own server asks the AppServer, because a browser's request from this origin is not for it.
export async function POST() {
  const answer = await fetch(`${process.env.APP_SERVER}/api/sts`, { method: "POST" });
  return Response.json(await answer.json(), { status: answer.status, headers: { "cache-control": "no-store" } });
}

// A proxy that takes every host for one address, for browsers that cannot be told how to resolve names.
import { createServer, connect } from "node:net";

/**
 * Starts it on loopback. It carries TLS and reads none of it: requests, their preflights and the certificate's name are
 * those of the real hosts. It understands CONNECT of HTTP, and SOCKS 5 for WebKit, which speaks TLS to a proxy for https.
 *
 * @param target - `host:port` that everything goes to.
 * @returns `{ port, close }`
 */
export async function startProxy(target) {
  const [host, port] = target.split(":");
  const open = new Set();
  const keep = (socket, other) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      open.delete(socket);
      other?.destroy();
    });
  };
  const forward = (client, answer) => {
    const upstream = connect(Number(port), host, () => {
      client.write(answer);
      client.pipe(upstream).pipe(client);
    });
    keep(upstream, client);
  };
  const server = createServer((client) => {
    keep(client);
    client.once("data", (head) => {
      if (head[0] === 5) {
        // No authentication; then one request, whatever host it names.
        client.write(Buffer.from([5, 0]));
        client.once("data", () => forward(client, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
      } else if (head.toString("latin1").startsWith("CONNECT ")) {
        forward(client, "HTTP/1.1 200 Connection Established\r\n\r\n");
      } else {
        client.end("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
      }
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => {
    for (const socket of open) socket.destroy();
    return new Promise((done) => server.close(done));
  };
  return { port: server.address().port, close };
}

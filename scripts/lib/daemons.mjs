// What AppServers run with: Redis or Valkey, nginx, and wrk, which asks them. Found where they are, installed from Debian's packages otherwise.
import { first, installPackages } from "./debian.mjs";
import { Failure } from "./run.mjs";

/** Resolves with the path of a Redis or Valkey (`REDIS_SERVER` wins), and of openssl, which makes it a certificate. */
export async function ensureRedis() {
  // Upstream's three names of one program, which looks at the name it is called by. Debian's package `redis-server`
  // would also start a service.
  const find = () => first([process.env.REDIS_SERVER, "redis-server", "valkey-server", "redis-check-rdb"]);
  const openssl = () => first(["openssl"]);
  if (!find() || !openssl()) {
    await installPackages("Redis", ["redis-tools", "openssl"], {
      else: "install Redis or Valkey and openssl, or set REDIS_SERVER",
    });
  }
  const [redis, ssl] = [find(), openssl()];
  if (!redis || !ssl) throw new Failure("Redis was installed, but is not on PATH");
  return { redis, openssl: ssl };
}

/** Resolves with the path of nginx (`NGINX` wins), and of openssl. */
export async function ensureNginx() {
  const find = () => first([process.env.NGINX, "nginx", "/usr/sbin/nginx"]);
  const openssl = () => first(["openssl"]);
  if (!find() || !openssl()) {
    await installPackages("nginx", ["nginx", "openssl"], { else: "install nginx and openssl, or set NGINX" });
  }
  const [nginx, ssl] = [find(), openssl()];
  if (!nginx || !ssl) throw new Failure("nginx was installed, but is not where it is looked for");
  return { nginx, openssl: ssl };
}

/** Resolves with the path of wrk, which makes load. */
export async function ensureWrk() {
  const find = () => first(["wrk"]);
  if (!find()) await installPackages("wrk", ["wrk"], { else: "install wrk" });
  return { wrk: find() };
}

// Only for the local cloud, as the script in app/layout.jsx: ../README.md. A site of yours has neither.
const localCloud = process.env.APP_SERVER ?? "http://127.0.0.1:8787";

export default {
  skipTrailingSlashRedirect: true,
  rewrites: async () => [{ source: "/__cloud/:path*", destination: `${localCloud}/__cloud/:path*` }],
};

const server = process.env.APP_SERVER;

export default {
  // The vendor's scripts, which a real site has among its own.
  rewrites: async () => [{ source: "/vendor/:path*", destination: `${server}/vendor/:path*` }],
};

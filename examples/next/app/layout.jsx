export default function Layout({ children }) {
  return (
    <html lang="en">
      <head>
        <link rel="icon" href="data:," />
        <script src="/__cloud/page.js" async />
      </head>
      <body>{children}</body>
    </html>
  );
}

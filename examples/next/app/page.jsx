import { Uploads } from "./uploads.jsx";

export default function Page() {
  return (
    <main>
      <h1>Uploads with Next.js</h1>
      <Uploads />
    </main>
  );
}

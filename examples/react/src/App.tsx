import oss from "ali-oss/dist/aliyun-oss-sdk.min.js?url";
import vod from "aliyun-upload-vod/dist/aliyun-upload-vod.min.js?url";
import { useTokenManager, useVodUploader } from "upload-token/react";
import { loadVod } from "upload-token/vod";

import { source } from "./source";

// By this name both outlive the component: a file that is being sent goes on while another view is shown.
const keepAlive = "uploads";

export function App() {
  const { tokens } = useTokenManager({ source, keepAlive });
  const { files, active, loadError, add, start, stop, remove, retry } = useVodUploader(
    { load: () => loadVod({ oss, vod }) },
    tokens,
    { region: "cn-shanghai", userId: "1303984639806000", keepAlive },
  );
  return (
    <>
      <h1>Uploads with React</h1>
      <input type="file" multiple aria-label="Files" onChange={({ target }) => add(target.files ?? [])} />
      <button disabled={active} onClick={start}>
        Start
      </button>
      <button disabled={!active} onClick={stop}>
        Stop
      </button>
      {loadError !== undefined && <p role="alert">{String(loadError)}</p>}
      <ul>
        {files.map(({ id, name, state, share, timeLeft, error }) => (
          <li key={id}>
            {name}: {state} {Math.round(share * 100)} %{" "}
            {timeLeft !== undefined && <span>{Math.ceil(timeLeft / 1000)} s left</span>}
            {error && (
              <span role="alert">
                {error.message} <button onClick={() => retry(id)}>Try again</button>
              </span>
            )}
            <button onClick={() => remove(id)}>Remove</button>
          </li>
        ))}
      </ul>
    </>
  );
}

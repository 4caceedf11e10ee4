import { sharedSource } from "upload-token/tabs";

// Your AppServer's endpoint. The tabs of one user share the token, so they share it under the user's name.
export const source = sharedSource("/api/sts", { name: "user-1" });

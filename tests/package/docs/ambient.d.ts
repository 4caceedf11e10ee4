// What the documentation takes for granted in a page.
declare const AliyunUpload: { Vod: new (options: object) => object };
declare const OSS: new (options: object) => { multipartUpload(name: string, file: File): Promise<unknown> };
declare const file: File;
declare const userId: string;
declare const uploader: import("upload-token/vod").VodUploader;
declare const session: string;
declare const onUploadSucceed: () => void;
declare const tokens: import("upload-token").TokenManager;
declare const client: InstanceType<typeof OSS>;
declare const isUploadTokenError: typeof import("upload-token").isUploadTokenError;
declare const signIn: () => void;

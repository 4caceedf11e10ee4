// Types of the vendor's npm package, which has none. A page that imports it names them once, in a file of its own or in
// its tsconfig.json ("types"); one that has types of its own for it keeps those:
//
//   /// <reference types="upload-token/aliyun-upload-vod" />
declare module "aliyun-upload-vod" {
  const AliyunUpload: {
    /** What `createVodUploader()` takes. */
    readonly Vod: new (options: object) => object;
  };
  export default AliyunUpload;
}

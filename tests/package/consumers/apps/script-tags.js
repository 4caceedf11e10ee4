// A page without a bundler, as those of jQuery, layui or PHP templates are: classic scripts, in the syntax of their time.
var tokens = UploadToken.createTokenManager({ source: "/api/sts" });

window.token = function () {
  return tokens.getToken().then(function (token) {
    return token.accessKeyId;
  });
};

window.uploadVod = function (bytes) {
  return new Promise(function (resolve) {
    var uploader = UploadToken.createVodUploader(AliyunUpload.Vod, tokens, {
      userId: "1",
      onUploadSucceed: function () {
        resolve("stored");
      },
      onUploadFailed: function (info, code, message) {
        resolve(code + ": " + message);
      },
    });
    uploader.addFile(new File([bytes], "a.mp4"), null, null, null, '{"Vod":{"Title":"a"}}');
    uploader.startUpload();
  });
};

window.uploadOss = function (bytes) {
  return UploadToken.createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "web-upload-app" })
    .then(function (client) {
      return client.put("b.bin", new Blob([bytes]));
    })
    .then(function (stored) {
      return stored.res.status;
    });
};

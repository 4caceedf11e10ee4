// The SDK from npm, bundled with the ali-oss that the build chooses. A classic script: code in it looks for
// the global object in a way that strict mode forbids.
require("aliyun-upload-vod");

/** As much of the SDK as is needed to make one. */
export class Vod {
  constructor(options) {
    this.options = options;
    this.files = [];
  }

  listFiles() {
    return this.files;
  }

  setUploadAuthAndAddress() {}
  resumeUploadWithAuth() {}
  stopUpload() {}
  cancelFile() {}
  deleteFile() {}
  cleanList() {}
}

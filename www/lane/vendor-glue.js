// The npm build of the upload SDK looks for ali-oss under its package name when it is loaded by a script tag.
window["ali-oss"] = window.OSS;

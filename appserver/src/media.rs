//! Which media files a page may create at VOD: its fields, by the operator's rules, become the parameters of a call.

mod files;
mod parameters;
mod texts;
mod user_data;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::parameters::{ATTACHED, IMAGE, OPERATORS, VIDEO};
use crate::{
    fields::{BadField, bad, object, text_of},
    vod::{Call, Params},
};

/// Which values of a parameter are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Whatever the page says.
    Any,
    /// One of these. If the page says nothing, it is the first; if there are none, the page must say nothing.
    OneOf(Vec<String>),
}

impl Values {
    /// Reads `*`, or values with commas.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.trim() {
            "*" => Self::Any,
            list => Self::OneOf(
                list.split(',')
                    .map(str::trim)
                    .filter(|value| !value.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
        }
    }
}

/// The operator's rules.
#[derive(Clone, Debug)]
pub struct MediaRules {
    values: BTreeMap<&'static str, Values>,
    /// Extensions of files, in lower case; none is any.
    pub extensions: Vec<String>,
    /// Largest file, in bytes.
    pub max_bytes: Option<u64>,
    /// Whether a page may name an address that VOD calls back.
    pub callbacks: bool,
}

impl Default for MediaRules {
    /// A page describes its file, and decides nothing else.
    fn default() -> Self {
        let values = OPERATORS.map(|name| (name, Values::OneOf(Vec::new())));
        Self { values: values.into(), extensions: Vec::new(), max_bytes: None, callbacks: false }
    }
}

impl MediaRules {
    /// A page may say anything: for the local cloud.
    #[must_use]
    pub fn anything() -> Self {
        Self { values: BTreeMap::new(), callbacks: true, ..Self::default() }
    }

    /// Sets which values of `parameter` are right.
    ///
    /// # Errors
    ///
    /// If no call has a parameter of this name.
    pub fn set(&mut self, parameter: &str, values: Values) -> Result<(), &'static str> {
        let known = VIDEO.iter().chain(&IMAGE).chain(&ATTACHED);
        let name = known
            .copied()
            .find(|name| *name == parameter)
            .ok_or("must be a parameter of CreateUploadVideo, CreateUploadImage or CreateUploadAttachedMedia")?;
        self.values.insert(name, values);
        Ok(())
    }

    /// The call that `fields` ask for. Names are VOD's, whatever the case of their letters; unknown ones are ignored.
    ///
    /// # Errors
    ///
    /// What the page must change.
    pub fn call(&self, fields: &Map<String, Value>) -> Result<Call, BadField> {
        if let Some(video_id) = text_of(fields, "videoId")? {
            return Ok(Call::Refresh { video_id });
        }
        let flat = |name| text_of(fields, name).map(|text| text.is_some());
        if object(fields, "image").is_some() || flat("ImageType")? {
            return self.image(fields);
        }
        if object(fields, "attachedMedia").is_some() || flat("BusinessType")? {
            return self.attached(fields);
        }
        let mut params = self.params(&VIDEO, &[fields])?;
        let Some(file_name) = value(&params, "FileName").map(str::to_owned) else {
            return Err(bad("MissingFileName", "a video needs its fileName, with the extension"));
        };
        if value(&params, "Title").is_none() {
            params.push(("Title", file_name.clone()));
        }
        self.check(&params, &[files::extension(&file_name)])?;
        Ok(Call::CreateVideo(params))
    }

    fn image(&self, fields: &Map<String, Value>) -> Result<Call, BadField> {
        let places: Vec<_> = object(fields, "image").into_iter().chain([fields]).collect();
        let mut params = self.params(&IMAGE, &places)?;
        if value(&params, "ImageType").is_none() {
            params.push(("ImageType", String::from("default")));
        }
        if value(&params, "Title").is_none()
            && let Some(name) = text_of(fields, "fileName")?
        {
            params.push(("Title", name));
        }
        self.check(&params, &[value(&params, "ImageExt")])?;
        Ok(Call::CreateImage(params))
    }

    fn attached(&self, fields: &Map<String, Value>) -> Result<Call, BadField> {
        let places: Vec<_> = object(fields, "attachedMedia").into_iter().chain([fields]).collect();
        let mut params = self.params(&ATTACHED, &places)?;
        if value(&params, "BusinessType").is_none() {
            let message = "attached media needs its businessType: watermark, subtitle or material";
            return Err(bad("MissingBusinessType", message));
        }
        let extension = value(&params, "FileName").and_then(files::extension).map(str::to_owned);
        if value(&params, "MediaExt").is_none() {
            params.extend(extension.clone().map(|extension| ("MediaExt", extension)));
        }
        self.check(&params, &[value(&params, "MediaExt"), extension.as_deref()])?;
        Ok(Call::CreateAttachedMedia(params))
    }

    /// Holds all that VOD is to be sent to the rules, also what was taken from another field.
    fn check(&self, params: &Params, extensions: &[Option<&str>]) -> Result<(), BadField> {
        texts::check(params)?;
        files::check(self, params, extensions)
    }

    /// The parameters `names`, each from the first of `places` that has it, by the rules.
    fn params(
        &self,
        names: &[&'static str],
        places: &[&Map<String, Value>],
    ) -> Result<Params, BadField> {
        let mut params = Params::new();
        for name in names {
            let mut wished = None;
            for place in places {
                wished = wished.or(text_of(place, name)?);
            }
            let text = match (self.values(name), wished) {
                (Values::Any, wished) => wished,
                (Values::OneOf(_), None) if !self.values.contains_key(name) => None,
                (Values::OneOf(right), None) => right.first().cloned(),
                (Values::OneOf(right), Some(text)) if are_right(right, name, &text) => Some(text),
                (Values::OneOf(_), Some(_)) => {
                    let message = format!("this server's operator does not allow this {name}");
                    return Err(bad("FieldNotAllowed", message));
                }
            };
            let text = match text {
                Some(text) if *name == "UserData" => {
                    Some(user_data::checked(&text, self.callbacks)?)
                }
                text => text,
            };
            params.extend(text.map(|text| (*name, text)));
        }
        Ok(params)
    }

    /// What is right for a category is right for each of several, of which there may be none.
    fn values(&self, name: &str) -> &Values {
        let of_one = || self.values.get("CateId").filter(|_| name == "CateIds");
        self.values.get(name).or_else(of_one).unwrap_or(&Values::Any)
    }
}

/// Whether `text` is one of `right`, or several of them where the parameter is a list.
fn are_right(right: &[String], name: &str, text: &str) -> bool {
    let is_right = |text: &str| right.iter().any(|right| right == text);
    is_right(text) || (name == "CateIds" && text.split(',').all(is_right))
}

fn value<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(rules: &MediaRules, fields: Value) -> Result<Call, BadField> {
        rules.call(fields.as_object().unwrap())
    }

    fn code(rules: &MediaRules, fields: Value) -> &'static str {
        call(rules, fields).unwrap_err().code
    }

    fn params(pairs: &[(&'static str, &str)]) -> Params {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn a_video_is_created_with_what_was_given() {
        let made = call(
            &MediaRules::default(),
            json!({ "fileName": "a.mp4", "FileSize": 1e3, "userData": { "k": 1 }, "coverUrl": "https://x/",
                "tags": ["a", "b"], "referenceId": "r", "title": null, "unknown": true }),
        );
        let expected = params(&[
            ("FileName", "a.mp4"),
            ("FileSize", "1000"),
            ("Tags", "a,b"),
            ("CoverURL", "https://x/"),
            ("UserData", r#"{"k":1}"#),
            ("ReferenceId", "r"),
            ("Title", "a.mp4"),
        ]);
        assert_eq!(made, Ok(Call::CreateVideo(expected)));
    }

    #[test]
    fn an_image_has_a_type_and_a_known_video_is_renewed() {
        let rules = MediaRules::default();
        let made = call(&rules, json!({ "image": {}, "title": "t" }));
        let expected = params(&[("Title", "t"), ("ImageType", "default")]);
        assert_eq!(made, Ok(Call::CreateImage(expected)));
        assert_eq!(
            call(&rules, json!({ "videoId": "v", "title": "t" })),
            Ok(Call::Refresh { video_id: "v".into() })
        );
    }

    #[test]
    fn a_subtitle_is_attached_media_and_no_video() {
        let rules = MediaRules::default();
        let expected =
            params(&[("BusinessType", "subtitle"), ("FileName", "a.srt"), ("MediaExt", "srt")]);
        for fields in [
            json!({ "attachedMedia": { "businessType": "subtitle" }, "fileName": "a.srt" }),
            json!({ "businessType": "subtitle", "fileName": "a.srt" }),
        ] {
            assert_eq!(call(&rules, fields), Ok(Call::CreateAttachedMedia(expected.clone())));
        }
        assert_eq!(code(&rules, json!({ "attachedMedia": {} })), "MissingBusinessType");
    }

    #[test]
    fn what_is_the_operators_is_not_the_pages() {
        let mut rules = MediaRules::default();
        for field in ["appId", "workflowId", "templateGroupId", "storageLocation"] {
            let mut fields = json!({ "fileName": "a.mp4" });
            fields[field] = json!("x");
            assert_eq!(code(&rules, fields.clone()), "FieldNotAllowed", "{field}");
            assert!(call(&MediaRules::anything(), fields).is_ok());
        }
        let callback = json!({ "MessageCallback": { "CallbackURL": "https://evil.example" } });
        for data in [callback.clone(), json!(callback.to_string())] {
            let fields = json!({ "fileName": "a.mp4", "userData": data });
            assert_eq!(code(&rules, fields), "FieldNotAllowed");
        }
        rules.set("TemplateGroupId", Values::read("first, second")).unwrap();
        let group = |fields| match call(&rules, fields).unwrap() {
            Call::CreateVideo(params) => value(&params, "TemplateGroupId").unwrap().to_owned(),
            other => unreachable!("{other:?}"),
        };
        assert_eq!(group(json!({ "fileName": "a.mp4" })), "first", "pinned");
        let second = json!({ "fileName": "a.mp4", "templateGroupId": "second" });
        assert_eq!(group(second), "second");
        let third = json!({ "fileName": "a.mp4", "templateGroupId": "third" });
        assert_eq!(code(&rules, third), "FieldNotAllowed");
        assert!(rules.set("TemplateGroup", Values::Any).is_err(), "misspelt");
    }

    #[test]
    fn what_is_right_for_a_category_is_right_for_each_of_several() {
        let mut rules = MediaRules::default();
        rules.set("CateId", Values::read("1,2")).unwrap();
        let attached = |ids: Value| {
            let fields = json!({ "businessType": "material", "mediaExt": "mp4", "cateIds": ids });
            call(&rules, fields)
        };
        assert!(attached(json!("2,1")).is_ok() && attached(json!([1, 2])).is_ok());
        let Ok(Call::CreateAttachedMedia(params)) = attached(json!(null)) else { unreachable!() };
        assert_eq!(
            value(&params, "CateIds"),
            None,
            "a video's category need not be one of material"
        );
        for ids in ["3", "1,3", "1,", "1;3"] {
            assert_eq!(attached(json!(ids)).unwrap_err().code, "FieldNotAllowed", "{ids}");
        }
    }

    #[test]
    fn extensions_and_sizes_are_the_operators() {
        let rules = MediaRules {
            extensions: vec![String::from("mp4"), String::from("png")],
            max_bytes: Some(10),
            ..MediaRules::default()
        };
        assert!(call(&rules, json!({ "fileName": "a.MP4", "fileSize": 10 })).is_ok());
        assert!(call(&rules, json!({ "image": { "imageExt": "png" } })).is_ok());
        for (fields, expected) in [
            (json!({ "fileName": "a.exe", "fileSize": 1 }), "FileTypeNotAllowed"),
            (json!({ "fileName": "mp4", "fileSize": 1 }), "FileTypeNotAllowed"),
            (
                json!({ "attachedMedia": { "businessType": "material", "mediaExt": "mp4" },
                    "fileName": "evil.exe", "fileSize": 1 }),
                "FileTypeNotAllowed",
            ),
            (json!({ "fileName": "a.mp4", "fileSize": 11 }), "FileTooLarge"),
            (json!({ "fileName": "a.mp4" }), "MissingFileSize"),
            (json!({ "fileName": "a.mp4", "fileSize": "big" }), "InvalidField"),
            (json!({ "fileName": "a.mp4", "fileSize": 1.5 }), "InvalidField"),
            (json!({ "fileName": "a.mp4", "fileSize": -1 }), "InvalidField"),
        ] {
            assert_eq!(code(&rules, fields.clone()), expected, "{fields}");
        }
    }

    #[test]
    fn what_no_file_is_called_is_refused_before_the_cloud_is_asked() {
        let rules = MediaRules::default();
        assert_eq!(code(&rules, json!({ "title": "t" })), "MissingFileName");
        assert_eq!(code(&rules, json!({ "fileName": "a\0\n.mp4" })), "InvalidField");
        assert_eq!(code(&rules, json!({ "image": {}, "fileName": "a\0.png" })), "InvalidField");
        let cover = json!({ "fileName": "a.mp4", "coverURL": "javascript:alert(1)" });
        assert_eq!(code(&rules, cover), "InvalidField");
    }
}

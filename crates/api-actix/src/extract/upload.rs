use std::collections::BTreeMap;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures::future::{FutureExt, LocalBoxFuture};
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ApiJson;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::state::ApiState;

/// The longest field of a form beside the file, in bytes.
const MAX_FIELD: usize = 64 << 10;
/// The most fields.
const MAX_FIELDS: usize = 32;

/// A body that may bring a file: `multipart/form-data` with the file as `file` and the rest as fields, or the fields as JSON.
pub(crate) struct Upload<T> {
    /// The fields.
    pub(crate) fields: T,
    /// The file, if there is one.
    pub(crate) file: Option<UploadedFile>,
}

/// A file as it was sent.
pub(crate) struct UploadedFile {
    /// Its name, without folders.
    pub(crate) name: String,
    /// Its media type, when the sender told one.
    pub(crate) media_type: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Which fields of a form are not texts.
pub(crate) trait FormFields {
    /// Those that are written as JSON: objects, booleans, numbers.
    const JSON: &'static [&'static str];
}

impl<T: DeserializeOwned + FormFields + 'static> FromRequest for Upload<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.content_type().trim().eq_ignore_ascii_case("multipart/form-data") {
            let limit =
                request.app_data::<web::Data<ApiState>>().map_or(0, |state| state.documents.service.max_bytes());
            let form = Multipart::from_request(request, payload);
            return async move { read(form.await.map_err(|error| unreadable(&error.to_string()))?, limit).await }
                .boxed_local();
        }
        let body = ApiJson::from_request(request, payload);
        async move { Ok(Self { fields: body.await?.0, file: None }) }.boxed_local()
    }
}

async fn read<T: DeserializeOwned + FormFields>(mut form: Multipart, limit: usize) -> Result<Upload<T>, ApiError> {
    let mut fields = BTreeMap::new();
    let mut file = None;
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| broken(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" || name == "upload" {
            if file.is_some() {
                return Err(refused(&name, "one file at a time"));
            }
            file = Some(file_of(field, limit).await?);
        } else {
            if fields.len() >= MAX_FIELDS {
                return Err(refused(&name, "too many fields"));
            }
            let value = value_of::<T>(&name, &bytes_of(field, MAX_FIELD).await?)?;
            if fields.insert(name.clone(), value).is_some() {
                return Err(refused(&name, "it is there twice"));
            }
        }
    }
    let fields = Value::Object(fields.into_iter().collect());
    let fields = serde_json::from_value(fields).map_err(|error| {
        ApiError::new(ErrorCode::InvalidBody).with_detail(ErrorDetail::of_reader(&error.to_string()))
    })?;
    Ok(Upload { fields, file })
}

async fn file_of(field: Field, limit: usize) -> Result<UploadedFile, ApiError> {
    let told = field.content_disposition().and_then(|told| told.get_filename()).unwrap_or_default();
    let name = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let media_type = field.content_type().map(|kind| kind.essence_str().to_owned());
    // What a client says that knows nothing.
    let media_type = media_type.filter(|kind| kind != "application/octet-stream");
    let bytes = bytes_of(field, limit).await?;
    Ok(UploadedFile { name: if name.is_empty() { "upload".to_owned() } else { name }, media_type, bytes })
}

async fn bytes_of(mut field: Field, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(|error| broken(&error))? {
        if bytes.len() + part.len() > limit {
            return Err(ApiError::new(ErrorCode::BodyTooLarge).with_figure(limit));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn value_of<T: FormFields>(name: &str, bytes: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| refused(name, "it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(ErrorCode::InvalidCharacters.into());
    }
    if T::JSON.contains(&name) {
        return super::from_json(text.as_bytes());
    }
    Ok(Value::from(text))
}

fn refused(field: &str, reason: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidBody).with_detail(ErrorDetail::of(Some(field), reason))
}

fn broken(error: &MultipartError) -> ApiError {
    unreadable(&error.to_string())
}

fn unreadable(reason: &str) -> ApiError {
    ApiError::new(ErrorCode::BadRequest).with_detail(ErrorDetail::of(None, reason))
}

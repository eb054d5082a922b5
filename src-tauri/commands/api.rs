//! The two commands of the page.

use tauri::{
    State,
    ipc::{Channel, InvokeResponseBody},
};

use crate::bridge::{
    ApiBridge, ApiRequest, ApiResponseHead, BridgeError, Chunk, ChunkSink, PageGone,
};

/// What Tauri hands to the page in one step must be shorter, as JSON. Anything else the page has to
/// fetch by a request of its own, which takes several times as long.
const ONE_STEP: usize = 8192;

/// Runs one request. The body follows over `chunks`, as text or as bytes: an empty chunk ends it,
/// `null` says that it broke off.
#[tauri::command]
pub(crate) async fn api_fetch(
    request: ApiRequest,
    chunks: Channel<InvokeResponseBody>,
    bridge: State<'_, ApiBridge>,
) -> Result<ApiResponseHead, BridgeError> {
    bridge.fetch(request, chunks).await
}

/// Stops a request, and its stream.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]
pub(crate) fn api_abort(id: u32, bridge: State<'_, ApiBridge>) {
    bridge.abort(id);
}

impl ChunkSink for Channel<InvokeResponseBody> {
    fn send(&self, chunk: Chunk) -> Result<(), PageGone> {
        let message = match chunk {
            Chunk::Data(bytes) => as_text(&bytes)
                .map_or_else(|| InvokeResponseBody::Raw(bytes.into()), InvokeResponseBody::Json),
            Chunk::End => InvokeResponseBody::Raw(Vec::new()),
            Chunk::Failed => InvokeResponseBody::Json("null".to_owned()),
        };
        Channel::send(self, message).map_err(|_| PageGone)
    }
}

/// Returns a short text as JSON. One that was cut within a letter is none.
fn as_text(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok().filter(|text| text.len() < ONE_STEP)?;
    serde_json::to_string(text).ok().filter(|json| json.len() < ONE_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_as_text_and_a_list_as_bytes() {
        assert_eq!(
            as_text("data: {\"a\":\"错\"}\n\n".as_bytes()).unwrap(),
            r#""data: {\"a\":\"错\"}\n\n""#
        );
        assert_eq!(as_text(&[b'x'; ONE_STEP]), None);
        // Each quotation mark takes two characters more than it says.
        assert_eq!(as_text(&[b'"'; ONE_STEP / 2]), None);
    }

    #[test]
    fn what_was_cut_within_a_letter_goes_as_bytes() {
        assert_eq!(as_text(&"错".as_bytes()[..2]), None);
    }
}

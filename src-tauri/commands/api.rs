//! The two commands of the page.

use tauri::{
    State,
    ipc::{Channel, InvokeResponseBody},
};

use crate::bridge::{
    ApiBridge, ApiRequest, ApiResponseHead, BridgeError, Chunk, ChunkSink, PageGone,
};

/// Runs one request. The body follows over `chunks`: an empty chunk ends it, `null` says that it
/// broke off.
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
            Chunk::Data(bytes) => InvokeResponseBody::Raw(bytes.into()),
            Chunk::End => InvokeResponseBody::Raw(Vec::new()),
            Chunk::Failed => InvokeResponseBody::Json("null".to_owned()),
        };
        Channel::send(self, message).map_err(|_| PageGone)
    }
}

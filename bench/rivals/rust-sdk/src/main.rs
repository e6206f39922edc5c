//! The least proxy that the official Rust SDK makes: a server whose handlers are a client's calls.
use std::process::Stdio;

use rmcp::{
    ErrorData, RoleClient, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, ListToolsResult, PaginatedRequestParams,
        ServerCapabilities, ServerConfig,
    },
    service::{Peer, RequestContext, ServiceError},
    transport::{async_rw::AsyncRwTransport, stdio},
};

// The SDK's own limit is 16 MiB, and a line beyond it is left out without an error; the largest
// answer that is measured has 20 MB.
const MAX_LINE_LENGTH: usize = 64 * 1024 * 1024;

struct Proxy {
    downstream: Peer<RoleClient>,
}

fn passed_on(error: ServiceError) -> ErrorData {
    match error {
        ServiceError::McpError(error) => error,
        other => ErrorData::internal_error(other.to_string(), None),
    }
}

impl ServerHandler for Proxy {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.downstream.list_tools(params).await.map_err(passed_on)
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.downstream.call_tool_once(params).await.map_err(passed_on)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args_os().skip(1);
    let mut command = tokio::process::Command::new(words.next().ok_or("usage: proxy SERVER [ARG…]")?);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (output, input) = child.stdout.take().zip(child.stdin.take()).ok_or("no pipes")?;

    let transport = AsyncRwTransport::new(output, input).with_max_line_length(MAX_LINE_LENGTH);
    let client = ().serve(transport).await?;
    let server = Proxy { downstream: client.peer().clone() }.serve(stdio()).await?;
    server.waiting().await?;
    client.cancel().await?;
    child.wait().await?;
    Ok(())
}

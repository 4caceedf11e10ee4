//! What a signed-in user may do, and with which role.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    auth::{Denied, User},
    sts::Role,
    vod::Call,
};

/// What a page asks for.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// A token for the page itself.
    Token {
        /// Keeps it apart from the user's other tokens.
        scope: &'a str,
    },
    /// A call to VOD, made by this server.
    Upload(&'a Call),
}

/// Decides. A site with rules of its own implements this over them.
pub trait Authorise: fmt::Debug + Send + Sync + 'static {
    /// The role that serves `operation`: assumed for the page itself, or for this server's own call.
    fn authorise<'a>(
        &'a self,
        user: &'a User,
        operation: Operation<'a>,
    ) -> BoxFuture<'a, Result<Arc<Role>, Denied>>;
}

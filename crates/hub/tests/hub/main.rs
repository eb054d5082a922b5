//! The client against the simulated Hub, and against small scripted servers for what no Hub should
//! do. Real HTTP on 127.0.0.1.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;

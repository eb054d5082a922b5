//! `hfsm hardware`

use hfsm_server::ServerConfig;

use crate::{
    engine,
    output::{Output, Table, text_cell},
};

/// Shows the hardware that the Hub offers.
pub(crate) async fn hardware(config: &ServerConfig, output: Output) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    let list = engine.fleet.hardware().await?;
    if output.json {
        return Ok(output.document(&list)?);
    }
    let mut table =
        Table::new(&["FLAVOR", "NAME", "CPU", "MEMORY", "ACCELERATOR", ">USD PER HOUR"]);
    for option in list {
        let accelerator = option.accelerator.map_or_else(String::new, |accelerator| {
            format!("{} × {} {}", accelerator.quantity, accelerator.model, accelerator.vram)
        });
        let price = match option.usd_per_hour {
            0.0 => "free".to_owned(),
            price => format!("{price:.2}"),
        };
        let cells =
            [option.flavor.0, option.pretty_name, option.cpu, option.ram, accelerator, price];
        table.row(cells.iter().map(text_cell).collect());
    }
    Ok(output.table(table)?)
}

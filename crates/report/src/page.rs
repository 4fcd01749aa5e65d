//! The frame of every page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::numbers;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The page may load nothing from anywhere, whatever a name or a reason in it says.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// A whole page around its sections.
pub(crate) fn page(title: &str, lead: &Markup, sections: &[Option<Section>]) -> String {
    let sections: Vec<&Section> = sections.iter().flatten().collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.lead { (lead) }
                    nav aria-label="Sections" {
                        @for section in &sections { a href={ "#" (section.id) } { (section.title) } }
                    }
                }
                main {
                    @for section in &sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// A part of a page, with its heading and its entry in the navigation.
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) body: Markup,
}

/// Figures side by side, each with what it counts.
pub(crate) fn tiles(tiles: &[(String, &str)]) -> Markup {
    html! {
        dl.tiles {
            @for (figure, label) in tiles {
                div { dt { (label) } dd { (figure) } }
            }
        }
    }
}

/// A table whose columns sort when their heading is pressed. The first column names the row; the others hold numbers.
pub(crate) struct SortedTable<'a> {
    pub(crate) caption: &'a str,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
pub(crate) enum Cell {
    Text(String),
    /// A text and where it leads.
    Link(String, String),
    Count(u64),
    Number(Option<f64>),
    /// 0 to 1, with a bar.
    Share(Option<f64>),
}

/// Rows that a page shows at most; the tables beside it have all of them.
const MOST_ROWS: usize = 2000;

impl SortedTable<'_> {
    pub(crate) fn markup(&self) -> Markup {
        html! {
            div.table tabindex="0" role="region" aria-label=(self.caption) {
                table.sorted {
                    caption {
                        (self.caption)
                        @if self.rows.len() > MOST_ROWS {
                            " (the first " (numbers::count(MOST_ROWS as u64)) " of " (numbers::count(self.rows.len() as u64)) ")"
                        }
                    }
                    thead { tr { @for heading in &self.headings { th scope="col" { (heading) } } } }
                    tbody {
                        @for row in self.rows.iter().take(MOST_ROWS) {
                            tr { @for (column, cell) in row.iter().enumerate() { (cell.markup(column == 0)) } }
                        }
                    }
                }
            }
        }
    }
}

impl Cell {
    fn markup(&self, names_the_row: bool) -> Markup {
        match self {
            Self::Text(text) if names_the_row => html! { th scope="row" { (text) } },
            Self::Text(text) => html! { td.text { (text) } },
            Self::Link(text, to) if names_the_row => {
                html! { th scope="row" { a href=(to) { (text) } } }
            }
            Self::Link(text, to) => html! { td.text { a href=(to) { (text) } } },
            Self::Count(value) => html! { td data-sort=(value) { (numbers::count(*value)) } },
            Self::Number(value) => html! { td data-sort=[*value] { (numbers::decimal(*value)) } },
            Self::Share(None) => html! { td { "–" } },
            Self::Share(Some(share)) => html! {
                td data-sort=(share) {
                    span.bar aria-hidden="true" { span style=(format!("width:{:.1}%", share.clamp(0.0, 1.0) * 100.0)) {} }
                    (numbers::percent(*share))
                }
            },
        }
    }
}

//! Follows the operators of a page that have to do with text.

use std::collections::BTreeMap;
use std::rc::Rc;

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream};
use hayro_syntax::page::{Page, Resources};
use rag_pipeline::model::ReadError;

use super::super::page::Line;
use super::canvas::{Canvas, Glyph};
use super::fonts::Font;
use super::matrix::Matrix;
use crate::job::Job;

/// Forms may draw other forms; more levels than this are a circle.
const FORMS: usize = 12;
/// States that may be saved at once; Acrobat knows 28.
const STATES: usize = 512;

/// Reads page after page.
pub(super) struct Interpreter<'j> {
    job: &'j Job<'j>,
    /// Fonts by the place of their object; those that stand where they are used have none, and are made anew.
    fonts: BTreeMap<(i32, i32), Rc<Font>>,
    canvas: Canvas,
    shows_something: bool,
    operators: u64,
    known: usize,
    unknown: usize,
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_spacing: f64,
    word_spacing: f64,
    /// 1 is as wide as drawn.
    stretch: f64,
    leading: f64,
    rise: f64,
    text: Matrix,
    line: Matrix,
}

impl State {
    fn new(matrix: Matrix) -> Self {
        let (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        let (size, character_spacing, word_spacing, stretch, leading, rise) = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        Self { matrix, font: None, size, character_spacing, word_spacing, stretch, leading, rise, text, line }
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::shift(x, y).then(self.line);
        self.text = self.line;
    }

    fn advance(&mut self, x: f64) {
        self.text = Matrix::shift(x * self.stretch, 0.0).then(self.text);
    }
}

impl<'j> Interpreter<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        let (canvas, fonts) = (Canvas::default(), BTreeMap::new());
        Self { job, fonts, canvas, shows_something: false, operators: 0, known: 0, unknown: 0 }
    }

    /// The lines of a page, and whether it shows anything else.
    pub(super) fn page(&mut self, page: &Page<'_>) -> Result<(Vec<Line>, bool), ReadError> {
        self.shows_something = false;
        let state = State::new(Matrix(page.initial_transform(true).as_coeffs()));
        self.follow(page.typed_operations(), page.resources(), state, 0)?;
        Ok((std::mem::take(&mut self.canvas).lines(), self.shows_something))
    }

    /// How many characters were told, and how many were not.
    pub(super) const fn characters(&self) -> (usize, usize) {
        (self.known, self.unknown)
    }

    fn follow(
        &mut self,
        mut operators: TypedIter<'_>,
        resources: &Resources<'_>,
        mut state: State,
        level: usize,
    ) -> Result<(), ReadError> {
        let mut saved: Vec<State> = Vec::new();
        while let Some(operator) = operators.next() {
            self.operators += 1;
            if self.operators.is_multiple_of(1_024) {
                self.job.check_time()?;
            }
            match operator {
                TypedInstruction::SaveState(_) if saved.len() < STATES => saved.push(state.clone()),
                TypedInstruction::RestoreState(_) => state = saved.pop().unwrap_or(state),
                TypedInstruction::Transform(t) => {
                    state.matrix = matrix([t.0, t.1, t.2, t.3, t.4, t.5]).then(state.matrix);
                }
                TypedInstruction::XObject(name) => self.draw(name.0, resources, &state, level)?,
                TypedInstruction::InlineImage(_)
                | TypedInstruction::Shading(_)
                | TypedInstruction::StrokePath(_)
                | TypedInstruction::CloseAndStrokePath(_)
                | TypedInstruction::FillPathNonZero(_)
                | TypedInstruction::FillPathNonZeroCompatibility(_)
                | TypedInstruction::FillPathEvenOdd(_)
                | TypedInstruction::FillAndStrokeNonZero(_)
                | TypedInstruction::FillAndStrokeEvenOdd(_) => self.shows_something = true,
                TypedInstruction::TextFont(font) => {
                    state.font = self.font(font.0, resources);
                    state.size = font.1.as_f64();
                }
                operator => self.text_operator(&operator, &mut state)?,
            }
        }
        Ok(())
    }

    fn text_operator(&mut self, operator: &TypedInstruction<'_, '_>, state: &mut State) -> Result<(), ReadError> {
        match operator {
            TypedInstruction::BeginText(_) => (state.text, state.line) = (Matrix::IDENTITY, Matrix::IDENTITY),
            TypedInstruction::CharacterSpacing(n) => state.character_spacing = n.0.as_f64(),
            TypedInstruction::WordSpacing(n) => state.word_spacing = n.0.as_f64(),
            TypedInstruction::HorizontalScaling(n) => state.stretch = n.0.as_f64() / 100.0,
            TypedInstruction::TextLeading(n) => state.leading = n.0.as_f64(),
            TypedInstruction::TextRise(n) => state.rise = n.0.as_f64(),
            TypedInstruction::NextLine(n) => state.next_line(n.0.as_f64(), n.1.as_f64()),
            TypedInstruction::NextLineAndSetLeading(n) => {
                state.leading = -n.1.as_f64();
                state.next_line(n.0.as_f64(), n.1.as_f64());
            }
            TypedInstruction::NextLineUsingLeading(_) => state.next_line(0.0, -state.leading),
            TypedInstruction::SetTextMatrix(t) => {
                state.line = matrix([t.0, t.1, t.2, t.3, t.4, t.5]);
                state.text = state.line;
            }
            TypedInstruction::ShowText(text) => self.show(text.0.as_bytes(), state)?,
            TypedInstruction::ShowTexts(texts) => self.show_all(texts.0, state)?,
            TypedInstruction::NextLineAndShowText(text) => {
                state.next_line(0.0, -state.leading);
                self.show(text.0.as_bytes(), state)?;
            }
            TypedInstruction::ShowTextWithParameters(text) => {
                (state.word_spacing, state.character_spacing) = (text.0.as_f64(), text.1.as_f64());
                state.next_line(0.0, -state.leading);
                self.show(text.2.as_bytes(), state)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn show_all(&mut self, texts: &Array<'_>, state: &mut State) -> Result<(), ReadError> {
        for object in texts.iter::<Object<'_>>() {
            match object {
                Object::String(text) => self.show(text.as_bytes(), state)?,
                Object::Number(number) => state.advance(-number.as_f64() / 1_000.0 * state.size),
                _ => {}
            }
        }
        Ok(())
    }

    fn show(&mut self, codes: &[u8], state: &mut State) -> Result<(), ReadError> {
        let Some(font) = state.font.clone() else { return Ok(()) };
        for character in font.characters(codes) {
            let place = Matrix::shift(0.0, state.rise).then(state.text).then(state.matrix);
            let width = character.width / 1_000.0 * state.size * state.stretch;
            let ((left, baseline), (right, _)) = (place.point(0.0, 0.0), place.point(width, 0.0));
            let (x, y) = place.point(0.0, state.size);
            let size = (x - left).hypot(y - baseline);
            match &character.text {
                Some(text) => {
                    self.known += 1;
                    let (left, right) = (left.min(right), left.max(right));
                    self.canvas.put(&Glyph { text, left, right, baseline, size });
                }
                None => self.unknown += 1,
            }
            let spacing = state.character_spacing + if character.is_space { state.word_spacing } else { 0.0 };
            state.advance(character.width / 1_000.0 * state.size + spacing);
        }
        if self.known as u64 > self.job.limits.characters {
            return Err(self.job.too_large("characters", self.job.limits.characters));
        }
        Ok(())
    }

    fn draw(&mut self, name: &Name<'_>, outer: &Resources<'_>, state: &State, level: usize) -> Result<(), ReadError> {
        let Some(stream) = outer.get_x_object(name) else { return Ok(()) };
        let is_form = stream.dict().get::<Name<'_>>("Subtype").is_some_and(|kind| &*kind == b"Form");
        if !is_form {
            self.shows_something = true;
            return Ok(());
        }
        if level >= FORMS {
            return Ok(());
        }
        self.form(&stream, outer, state, level)
    }

    fn form(&mut self, form: &Stream<'_>, outer: &Resources<'_>, state: &State, level: usize) -> Result<(), ReadError> {
        let Ok(content) = form.decoded() else { return Ok(()) };
        self.job.take_unpacked(content.len() as u64)?;
        let numbers: Vec<Number> =
            form.dict().get::<Array<'_>>("Matrix").iter().flat_map(Array::iter::<Number>).collect();
        let mut state = state.clone();
        if let Ok(numbers) = <[Number; 6]>::try_from(numbers) {
            state.matrix = matrix(numbers).then(state.matrix);
        }
        let own = form.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        self.follow(TypedIter::new(&content), own.as_ref().unwrap_or(outer), state, level + 1)
    }

    fn font(&mut self, name: &Name<'_>, resources: &Resources<'_>) -> Option<Rc<Font>> {
        let dict = resources.get_font(name)?;
        let Some(id) = dict.obj_id().map(|id| (id.obj_number as i32, id.gen_number)) else {
            return Some(Rc::new(Font::of(&dict)));
        };
        Some(Rc::clone(self.fonts.entry(id).or_insert_with(|| Rc::new(Font::of(&dict)))))
    }
}

fn matrix(numbers: [Number; 6]) -> Matrix {
    Matrix(numbers.map(|number| number.as_f64()))
}

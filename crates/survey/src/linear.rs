//! Small systems of linear equations.

use crate::{Error, Result};

/// A square matrix, by rows.
pub(crate) type Matrix = Vec<Vec<f64>>;

/// X' diag(weights) X, for columns of equal length.
pub(crate) fn weighted_products(columns: &[Vec<f64>], weights: &[f64]) -> Matrix {
    columns
        .iter()
        .map(|a| {
            columns
                .iter()
                .map(|b| weighted_product(a, b, weights))
                .collect()
        })
        .collect()
}

/// The sum of a b w.
pub(crate) fn weighted_product(a: &[f64], b: &[f64], weights: &[f64]) -> f64 {
    crate::sums::sum(a.iter().zip(b).zip(weights).map(|((a, b), w)| a * b * w))
}

/// The inverse of a symmetric positive definite matrix, by Cholesky's factors.
///
/// The diagonal is scaled to 1 first, so that columns in different units do not look dependent.
pub(crate) fn inverse(matrix: &Matrix, what: &'static str) -> Result<Matrix> {
    let size = matrix.len();
    let scale: Vec<f64> = (0..size).map(|i| matrix[i][i].sqrt()).collect();
    if scale
        .iter()
        .any(|scale| !(scale.is_finite() && *scale > 0.0))
    {
        return Err(Error::Singular(what));
    }
    let mut lower = vec![vec![0.0; size]; size];
    for i in 0..size {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let left = matrix[i][j] / (scale[i] * scale[j]) - before;
            if i == j {
                // NaN must not pass either.
                if left.is_nan() || left < 1e-12 {
                    return Err(Error::Singular(what));
                }
                lower[i][i] = left.sqrt();
            } else {
                lower[i][j] = left / lower[j][j];
            }
        }
    }
    let mut inverse = vec![vec![0.0; size]; size];
    for column in 0..size {
        let mut x = vec![0.0; size];
        for i in 0..size {
            let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - known) / lower[i][i];
        }
        for i in (0..size).rev() {
            let known: f64 = (i + 1..size).map(|k| lower[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        for i in 0..size {
            inverse[i][column] = x[i] / (scale[i] * scale[column]);
        }
    }
    Ok(inverse)
}

/// Matrix times vector.
pub(crate) fn times(matrix: &Matrix, vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

/// The sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What is left of `y` after a regression on `columns` with `weights`.
pub(crate) fn residuals(
    y: &[f64],
    columns: &[Vec<f64>],
    weights: &[f64],
    what: &'static str,
) -> Result<Vec<f64>> {
    let inverse = inverse(&weighted_products(columns, weights), what)?;
    let products: Vec<f64> = columns
        .iter()
        .map(|column| weighted_product(column, y, weights))
        .collect();
    let slopes = times(&inverse, &products);
    Ok((0..y.len())
        .map(|row| {
            y[row]
                - columns
                    .iter()
                    .zip(&slopes)
                    .map(|(column, slope)| column[row] * slope)
                    .sum::<f64>()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let matrix = vec![
            vec![4e6, 2e3, 0.6],
            vec![2e3, 5.0, 0.001],
            vec![0.6, 0.001, 3e-6],
        ];
        let inverse = inverse(&matrix, "test").unwrap();
        for i in 0..3 {
            let column: Vec<f64> = inverse.iter().map(|row| row[i]).collect();
            for (j, value) in times(&matrix, &column).iter().enumerate() {
                let scale = (matrix[j][j] / matrix[i][i]).sqrt();
                assert!(
                    (value / scale - f64::from(u8::from(i == j))).abs() < 1e-9,
                    "{i} {j} {value}"
                );
            }
        }
        assert!(super::inverse(&vec![vec![1.0, 2.0], vec![2.0, 4.0]], "test").is_err());
    }
}

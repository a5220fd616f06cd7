"""Trains a small neural network on scikit-learn's handwritten digits.

Nothing in here knows who runs it: hyperparameters come as arguments, the learning curve goes to
MLflow, and what is to be kept goes to ./outputs, as in any Azure ML job.
"""

import argparse
import os
import warnings

import joblib
import mlflow
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--hidden", type=int, default=64, help="width of the hidden layer")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--activation", choices=["relu", "tanh", "logistic"], default="relu")
    parser.add_argument("--epochs", type=int, default=30)
    return parser.parse_args()


def main():
    args = parse_args()
    mlflow.log_params(vars(args))

    digits = load_digits()
    x_train, x_valid, y_train, y_valid = train_test_split(
        digits.data / 16.0, digits.target, test_size=0.25, random_state=0, stratify=digits.target
    )
    model = MLPClassifier(
        hidden_layer_sizes=(args.hidden,),
        activation=args.activation,
        learning_rate_init=args.learning_rate,
        batch_size=args.batch_size,
        random_state=0,
    )

    for epoch in range(1, args.epochs + 1):
        with warnings.catch_warnings():  # a rate that is far too high overflows; the score shows it
            warnings.simplefilter("ignore")
            model.partial_fit(x_train, y_train, classes=np.unique(digits.target))
        accuracy = model.score(x_valid, y_valid)
        mlflow.log_metric("loss", model.loss_, step=epoch)
        mlflow.log_metric("accuracy", accuracy, step=epoch)
        print(f"epoch {epoch:2d}  loss {model.loss_:8.4f}  accuracy {accuracy:.4f}", flush=True)

    os.makedirs("outputs", exist_ok=True)
    joblib.dump(model, "outputs/model.joblib")
    report = classification_report(y_valid, model.predict(x_valid), zero_division=0)
    mlflow.log_text(report, "classification_report.txt")


if __name__ == "__main__":
    main()

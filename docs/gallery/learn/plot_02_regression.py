"""
Numbers instead of labels
=========================

A network that answers with a number, on scikit-learn's diabetes data.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from cvclassic.classify import MLPRegressor
from cvclassic.evaluate import score_numbers

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = MLPRegressor((16,), random_state=0).fit(X_train, y_train)
predicted = model.predict(X_test)

figure, axis = plt.subplots(figsize=(4.6, 4.4))
axis.plot([0, 350], [0, 350], "--", color="gray")
axis.plot(y_test, predicted, ".", color="#0b63b5")
axis.set(xlabel="true", ylabel="predicted")

# %%
for name, value in score_numbers(y_test, predicted).items():
    print(name, round(value, 3) if isinstance(value, float) else value)
